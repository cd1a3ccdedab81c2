package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.X509KeyManager;
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
    /** By kind of key. */
    private static final Map<String, String> SIGNATURES = Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA", "EdDSA", "EdDSA");
    private static final byte[] PROBE = {1};

    /** The contents of both files. */
    private record Pair(Buffer certificate, Buffer key) {
        PemKeyCertOptions options() {
            return new PemKeyCertOptions().setCertValue(certificate).setKeyValue(key);
        }
    }

    /** Reads a pair that matches. */
    private Pair read(Vertx vertx) throws IOException {
        var pair = new Pair(read(certificate), read(key));
        try {
            for (var manager : pair.options().getKeyManagerFactory(vertx).getKeyManagers()) {
                if (manager instanceof X509KeyManager keys && matches(keys)) {
                    return pair;
                }
            }
        } catch (Exception e) {
            throw new IOException("%s, %s: %s (expected: a certificate and its key in PEM)".formatted(certificate, key, e.getMessage()), e);
        }
        throw new IOException("%s, %s: they do not match (expected: a certificate and its own key)".formatted(certificate, key));
    }

    /** Vert.x takes a key of another certificate, with which every handshake fails. */
    private static boolean matches(X509KeyManager keys) throws GeneralSecurityException {
        for (var kind : SIGNATURES.entrySet()) {
            var names = keys.getServerAliases(kind.getKey(), null);
            for (String name : names == null ? new String[0] : names) {
                var signature = Signature.getInstance(kind.getValue());
                signature.initSign(keys.getPrivateKey(name));
                signature.update(PROBE);
                byte[] signed = signature.sign();
                signature.initVerify(keys.getCertificateChain(name)[0]);
                signature.update(PROBE);
                if (signature.verify(signed)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Buffer read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + ": over " + BYTES_MAX + " bytes (expected: a PEM file)");
        }
        return Buffer.buffer(Files.readAllBytes(file));
    }

    /** @throws IOException with the file, where one cannot be read, or both do not match */
    PemKeyCertOptions certificates(Vertx vertx) throws IOException {
        return read(vertx).options();
    }

    /** Serves what the files contain from now on, until Vert.x is closed. */
    void renew(Vertx vertx, HttpServer server, ExecutorService threads) throws IOException {
        var served = new AtomicReference<>(read(vertx));
        vertx.setPeriodic(LOOKED_AT_EVERY.toMillis(), look -> threads.execute(() -> {
            try {
                var now = read(vertx);
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
