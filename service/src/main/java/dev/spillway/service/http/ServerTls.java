package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TLS of a listener, renewed while it serves. A client is asked for its certificate and may have none: it may have a token. Thread-safe. */
final class ServerTls {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

    /** @param clients believes certificates of clients; absent where none are asked for */
    private record Served(TlsFiles.Contents contents, @Nullable X509TrustManager clients) {}

    private final TlsFiles files;
    private final ReentrantLock renewing = new ReentrantLock();
    private volatile Served served;

    /** @throws IOException with the file, where one cannot be read, or both of the pair do not match */
    ServerTls(TlsFiles files) throws IOException {
        this.files = files;
        this.served = served(files.read());
    }

    private Served served(TlsFiles.Contents contents) throws IOException {
        files.requirePair(contents);
        var authority = contents.clientAuthority();
        return new Served(contents, authority == null ? null : TlsFiles.believing(files.clientAuthority().orElseThrow(), authority));
    }

    boolean asksClients() {
        return served.clients() != null;
    }

    /** Returns what believes the certificates of clients now. */
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
     * Serves what the files contain from now on.
     *
     * @return the timer, to be cancelled before the threads end
     */
    long renew(Vertx vertx, HttpServer server, ExecutorService threads) {
        return vertx.setPeriodic(files.readEvery().toMillis(), look -> threads.execute(() -> {
            // Two at the same time could serve the older content last.
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
        try {
            var contents = files.read();
            if (!contents.equals(served.contents())) {
                var now = served(contents);
                server.updateSSLOptions(options(now)).toCompletionStage().toCompletableFuture().join();
                served = now;
                LOG.info("{}: its new content is served", files.certificate());
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: not renewed, the former one is served: {}", files.certificate(), e.toString());
        }
    }
}
