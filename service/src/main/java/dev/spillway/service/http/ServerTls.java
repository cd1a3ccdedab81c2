package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS of a listener. The files are read again while it serves. Clients are asked for a certificate, but it is optional, because they may have a
 * token. Thread-safe.
 */
final class ServerTls {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

    /**
     * @param clients verifies certificates of clients; absent if none are requested
     * @param end     end of the certificate's validity
     */
    private record Served(TlsFiles.Contents contents, @Nullable X509TrustManager clients, Instant end) {}

    /** Remaining validity below which a certificate should have been renewed. */
    static final Duration RENEWED_BEFORE = Duration.ofDays(14);

    private final TlsFiles files;
    private final ReentrantLock renewing = new ReentrantLock();
    private volatile Served served;
    private final UnusableFiles unusable;

    /** @throws IOException if a file cannot be read, or certificate and key do not match; with the file's name */
    ServerTls(TlsFiles files) throws IOException {
        this.files = files;
        this.unusable = new UnusableFiles(files.certificate() + ": not renewed, the former one is served");
        this.served = served(files.read());
        try {
            files.requireValid(served.contents());
        } catch (IOException e) {
            // The certificate is served all the same, so that the service runs and accepts a renewed one.
            LOG.warn("{}", e.getMessage());
        }
    }

    /** Returns the end of the validity of the served certificate. */
    Instant end() {
        return served.end();
    }

    /** Returns a warning for operators if the certificate ends soon and was not renewed; empty otherwise. */
    String remark(Instant now) {
        Duration left = Duration.between(now, served.end());
        return left.compareTo(RENEWED_BEFORE) > 0 ? ""
                : "%s: the certificate that is served %s at %s (expected: a newer one in the file)".formatted(
                        files.certificate(),
                        left.isPositive() ? "ends" : "ended",
                        served.end());
    }

    private Served served(TlsFiles.Contents contents) throws IOException {
        files.requirePair(contents);
        var authority = contents.clientAuthority();
        return new Served(
                contents,
                authority == null ? null : TlsFiles.believing(files.clientAuthority().orElseThrow(), authority),
                files.end(contents));
    }

    boolean asksClients() {
        return served.clients() != null;
    }

    /** Returns the present verifier of clients' certificates. */
    X509TrustManager clients() {
        return Objects.requireNonNull(served.clients(), "a listener that asks clients for certificates");
    }

    HttpServerOptions with(HttpServerOptions options) {
        var now = options(served);
        return options.setSsl(true)
                .setKeyCertOptions(now.getKeyCertOptions())
                .setClientAuth(now.getClientAuth())
                .setTrustOptions(now.getTrustOptions());
    }

    private static ServerSSLOptions options(Served served) {
        var options = new ServerSSLOptions().setKeyCertOptions(served.contents().pair());
        return served.clients() == null ? options
                : options.setClientAuth(ClientAuth.REQUEST).setTrustOptions(TrustOptions.wrap(served.clients()));
    }

    /**
     * Starts to renew the served certificate from its files at intervals.
     *
     * @return id of the timer, to be cancelled before the threads end
     */
    long renew(Vertx vertx, HttpServer server, ExecutorService threads) {
        return vertx.setPeriodic(files.readEvery().toMillis(), look -> threads.execute(() -> {
            // Only one renewal runs at a time, because of two the older content could be applied last.
            if (renewing.tryLock()) {
                try {
                    renew(server);
                } finally {
                    renewing.unlock();
                }
            }
        }));
    }

    private void renew(HttpServer server) {
        TlsFiles.Contents contents = null;
        try {
            contents = files.read();
            if (!contents.equals(served.contents())) {
                var now = served(contents);
                files.requireValid(contents);
                server.updateSSLOptions(options(now)).toCompletionStage().toCompletableFuture().join();
                served = now;
                LOG.info("{}: its new content is served", files.certificate());
            }
            unusable.over();
        } catch (IOException | RuntimeException e) {
            unusable.tell(contents, e);
        }
    }
}
