package dev.spillway.client;

import dev.spillway.client.http.Endpoint;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.Retries;
import dev.spillway.client.http.Servers;
import dev.spillway.events.Json;
import dev.spillway.events.NamespaceName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Connects an application to a fleet. One is enough for a process; thread-safe, for platform and virtual threads. Closing it releases the holds that
 * are open and closes its connections.
 */
public final class SpillwayClient implements AutoCloseable {
    private static final long ANSWER_BYTES_MAX = 64 << 20;

    private final Builder settings;
    private final JsonClient http;
    private final Set<HeldTree> held = ConcurrentHashMap.newKeySet();

    private SpillwayClient(Builder settings) {
        this.settings = settings;
        this.http = new JsonClient(Json.tolerant(), settings.connectTimeout, ANSWER_BYTES_MAX);
    }

    /** What a client is made from. Addresses are written as {@code host:port}, {@code http://host:port} or {@code unix:/path/of/a/socket}. */
    public static final class Builder {
        private List<Endpoint> coordinators = List.of(Endpoint.tcp("127.0.0.1", 7070));
        private Endpoint worker = Endpoint.tcp("127.0.0.1", 7080);
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration timeout = Duration.ofSeconds(30);
        private Duration copyTimeout = Duration.ofHours(12);
        private Duration patience = Duration.ofSeconds(15);
        private Duration hold = Duration.ofMinutes(1);

        private Builder() {}

        /** Coordinators of one registry, of which any one will do; 127.0.0.1:7070 by default. */
        public Builder coordinators(String... addresses) {
            coordinators = new ArrayList<>(Arrays.stream(addresses).map(Endpoint::parse).toList());
            return this;
        }

        /** The worker of this host, by its TCP address; 127.0.0.1:7080 by default. */
        public Builder worker(String address) {
            worker = Endpoint.parse(address);
            return this;
        }

        /** The worker of this host, by its Unix socket. */
        public Builder workerSocket(Path socket) {
            worker = Endpoint.unix(socket);
            return this;
        }

        /** Bounds the attempt to connect to a server; 5 s by default. */
        public Builder connectTimeout(Duration duration) {
            connectTimeout = duration;
            return this;
        }

        /** Bounds one attempt of a request, from connecting to the last byte of its answer; 30 s by default. */
        public Builder timeout(Duration duration) {
            timeout = duration;
            return this;
        }

        /** Bounds one attempt of a put of a directory, which waits until the tree is copied; 12 h by default. */
        public Builder copyTimeout(Duration duration) {
            copyTimeout = duration;
            return this;
        }

        /** Bounds the time in which a request that failed is sent again; 15 s by default, zero for a single attempt. */
        public Builder retryFor(Duration duration) {
            patience = duration;
            return this;
        }

        /** For how long the worker keeps a tree whole when this process is gone without a word; 1 min by default. */
        public Builder hold(Duration duration) {
            if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("hold: " + duration + " (expected: 1 s or more)");
            }
            hold = duration;
            return this;
        }

        public SpillwayClient build() {
            return new SpillwayClient(this);
        }
    }

    /** Begins with a coordinator and a worker on this machine. */
    public static Builder builder() {
        return new Builder();
    }

    /** The registry of a namespace, asked at the coordinators. */
    public ImageRegistry images(String namespace) {
        return new RemoteImageRegistry(new NamespaceName(namespace), retries(settings.coordinators), settings.timeout);
    }

    /** The directory trees of a namespace, asked at the worker. */
    public DirectoryCache directories(String namespace) {
        return new RemoteDirectoryCache(new NamespaceName(namespace), retries(List.of(settings.worker)), settings.timeout,
                settings.copyTimeout, settings.hold, held);
    }

    private Retries retries(List<Endpoint> servers) {
        return new Retries(new Servers(http, servers), settings.patience);
    }

    @Override
    public void close() {
        List.copyOf(held).forEach(HeldTree::close);
        http.close();
    }
}
