package dev.spillway.client;

import dev.spillway.api.ProblemException;
import dev.spillway.api.body.Pagers;
import dev.spillway.artifacts.ArtifactStore;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.Retries;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.client.http.Servers;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.codec.Json;
import dev.spillway.pager.PagerRefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Connects an application to a fleet. One client per process is enough. Thread-safe, for platform and virtual threads. Closing it releases open holds
 * and closes its connections. A call after that throws an {@link IllegalStateException}.
 */
public final class SpillwayClient implements AutoCloseable {
    private final Builder settings;
    private final JsonClient http;
    private final Set<HeldTree> held = ConcurrentHashMap.newKeySet();

    private SpillwayClient(Builder settings) {
        this.settings = settings;
        this.http = new JsonClient(Json.tolerant(), settings.connectTimeout, settings.answerBytesMax, settings.security);
    }

    /** Builds a client. Addresses have the form {@code host:port}, {@code http://host:port} or {@code unix:/path/of/a/socket}. */
    public static final class Builder {
        private List<ServerAddress> coordinators = List.of();
        private @Nullable ServerAddress worker;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration timeout = Duration.ofSeconds(30);
        private Duration copyTimeout = Duration.ofHours(12);
        private Duration patience = Duration.ofSeconds(15);
        private Duration hold = Duration.ofMinutes(1);
        private long answerBytesMax = 64 << 20;
        private ClientSecurity security = ClientSecurity.NONE;

        private Builder() {}

        /** Names coordinators of one registry. The client uses any of them. They listen on port 7070 by default. */
        public Builder coordinators(String... addresses) {
            coordinators = new ArrayList<>(Arrays.stream(addresses).map(ServerAddress::parse).toList());
            return this;
        }

        /** Names the worker of this host by its TCP address. It listens on port 7080 by default. */
        public Builder worker(String address) {
            worker = ServerAddress.parse(address);
            return this;
        }

        /** Names the worker of this host by its Unix socket, which is {@code worker.sock} in the worker's data directory by default. */
        public Builder workerSocket(Path socket) {
            worker = ServerAddress.unix(socket);
            return this;
        }

        /** Sends a token with each request over TCP. A Unix socket requires none. */
        public Builder token(String token) {
            security = new ClientSecurity(token, security.tls());
            return this;
        }

        /** Trusts only servers whose certificates are signed by one in this PEM file. Their addresses have the form {@code https://host:port}. */
        public Builder trust(Path authority) throws IOException {
            security = ClientSecurity.of(security.token(), authority);
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

        /** Bounds one attempt of what copies or reads a whole image: a put of a directory, a capture, a restore; 12 h by default. */
        public Builder copyTimeout(Duration duration) {
            copyTimeout = duration;
            return this;
        }

        /** Bounds the time during which a failed request is retried; 15 s by default, zero for a single attempt. */
        public Builder retryFor(Duration duration) {
            patience = duration;
            return this;
        }

        /** Sets the time for which the worker keeps a held tree whole after this process crashed; 1 min by default. */
        public Builder hold(Duration duration) {
            if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("hold: " + duration + " (expected: 1 s or more)");
            }
            hold = duration;
            return this;
        }

        /**
         * Bounds the size of an answer, and so of an artifact, which is held in memory; 64 MiB by default. It should be at least the worker's
         * {@code artifact-max-bytes}. The {@code get} of a larger artifact throws an {@link java.io.IOException}.
         */
        public Builder answerBytesMax(long bytes) {
            if (bytes < 1 || bytes > 1 << 30) {
                throw new IllegalArgumentException("answerBytesMax: " + bytes + " (expected: 1 to 1 GiB)");
            }
            answerBytesMax = bytes;
            return this;
        }

        /** @throws IllegalStateException if neither a coordinator nor a worker is named, because no address is guessed */
        public SpillwayClient build() {
            if (coordinators.isEmpty() && worker == null) {
                throw new IllegalStateException("servers: none (expected: Builder.coordinators or Builder.worker names one)");
            }
            return new SpillwayClient(this);
        }
    }

    /** Returns a builder without any server. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the registry of a namespace, accessed through the coordinators.
     *
     * @throws IllegalStateException when no coordinator was named, or this is closed
     */
    public ImageRegistry images(String namespace) {
        http.requireOpen();
        if (settings.coordinators.isEmpty()) {
            throw new IllegalStateException("coordinators: none (expected: Builder.coordinators names at least one)");
        }
        return new RemoteImageRegistry(new NamespaceName(namespace), retries(settings.coordinators), settings.timeout);
    }

    /**
     * Returns the directory trees of a namespace, accessed through the worker.
     *
     * @throws IllegalStateException when no worker was named, or this is closed
     */
    public DirectoryCache directories(String namespace) {
        return new RemoteDirectoryCache(
                new NamespaceName(namespace),
                retries(List.of(worker())),
                settings.timeout,
                settings.copyTimeout,
                settings.hold,
                held);
    }

    /**
     * Returns the artifacts of a namespace, accessed through the worker.
     *
     * @throws IllegalStateException when no worker was named, or this is closed
     */
    public ArtifactStore artifacts(String namespace) {
        return new RemoteArtifactStore(new NamespaceName(namespace), retries(List.of(worker())), settings.timeout);
    }

    /**
     * Opens an existing pager of the worker.
     *
     * @throws PagerRefusedException with reason CLOSED if there is none of that name
     * @throws IllegalStateException                    when no worker was named, or this is closed
     */
    public RemoteCachePager pager(String name) throws InterruptedException {
        return RemoteCachePager.open(name, retries(List.of(worker())), settings.timeout, settings.copyTimeout);
    }

    /**
     * Creates a pager at the worker. It exists until it is closed or the worker ends, even if this client is closed before.
     *
     * @throws PagerRefusedException with reason EXISTS if the name is taken, EXHAUSTED if the host has too little memory
     * @throws OutcomeUnknownException                  if it may have been created
     * @throws IllegalStateException                    when no worker was named, or this is closed
     */
    public RemoteCachePager createPager(Pagers.Create create) throws InterruptedException {
        return RemoteCachePager.create(create, retries(List.of(worker())), settings.timeout, settings.copyTimeout);
    }

    /**
     * Reads every byte of a pager's snapshot that this host has, and compares it with what was captured.
     *
     * @throws PagerRefusedException with reason DAMAGED if the content differs
     * @throws ProblemException        if this host has no such entry
     * @throws IllegalStateException                    when no worker was named, or this is closed
     */
    public Pagers.Verified verifySnapshot(String namespace, String key) throws InterruptedException {
        return RemoteCachePager.verify(new NamespaceName(namespace), new EntryKey(key), retries(List.of(worker())), settings.copyTimeout);
    }

    private ServerAddress worker() {
        http.requireOpen();
        ServerAddress worker = settings.worker;
        if (worker == null) {
            throw new IllegalStateException(
                    "worker: none (expected: Builder.worker or Builder.workerSocket names the worker of this host)");
        }
        return worker;
    }

    private Retries retries(List<ServerAddress> servers) {
        return new Retries(new Servers(http, servers), settings.patience);
    }

    @Override
    public void close() {
        List.copyOf(held).forEach(HeldTree::close);
        http.close();
    }
}
