package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificate and key of a server in PEM files. They are read again while they are served, by their content: also where a symbolic link was changed. A pair
 * that does not match, as for a moment when one file is written after the other, leaves the former in use.
 */
public record TlsFiles(Path certificate, Path key) {
    private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);
    private static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(2);
    private static final long BYTES_MAX = 1 << 20;

    /** The contents of both files. */
    private record Pair(Buffer certificate, Buffer key) {
        PemKeyCertOptions options() {
            return new PemKeyCertOptions().setCertValue(certificate).setKeyValue(key);
        }
    }

    private Pair read() throws IOException {
        return new Pair(read(certificate), read(key));
    }

    private static Buffer read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + ": over " + BYTES_MAX + " bytes (expected: a PEM file)");
        }
        return Buffer.buffer(Files.readAllBytes(file));
    }

    /** @throws IOException with the file, where one cannot be read */
    PemKeyCertOptions certificates() throws IOException {
        return read().options();
    }

    /** Serves what the files contain from now on, until Vert.x is closed. */
    void renew(Vertx vertx, HttpServer server, ExecutorService threads) throws IOException {
        var served = new AtomicReference<>(read());
        vertx.setPeriodic(LOOKED_AT_EVERY.toMillis(), look -> threads.execute(() -> {
            try {
                var now = read();
                if (!now.equals(served.get())) {
                    server.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(now.options()))
                            .toCompletionStage()
                            .toCompletableFuture()
                            .join();
                    served.set(now);
                    LOG.info("{}: its new content is served", certificate);
                }
            } catch (IOException | RuntimeException e) {
                LOG.warn("{}: not renewed, the former one is served: {}", certificate, e.toString());
            }
        }));
    }
}
