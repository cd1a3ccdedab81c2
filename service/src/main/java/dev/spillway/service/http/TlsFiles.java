package dev.spillway.service.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Certificate and key of a service in PEM files. They are read again while they are used, by their content: also where a symbolic link was changed. A pair
 * that does not match, as for a moment when one file is written after the other, leaves the former in use.
 *
 * @param clientAuthority PEM file of the authorities that sign certificates of hosts; clients are asked for theirs if it is given
 * @param readEvery       how often the files are read again
 */
public record TlsFiles(Path certificate, Path key, Optional<Path> clientAuthority, Duration readEvery) {
    static final Duration READ_EVERY = Duration.ofSeconds(2);

    private static final long BYTES_MAX = 1 << 20;
    /** By kind of key. */
    private static final Map<String, String> SIGNATURES = Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA", "EdDSA", "EdDSA");
    private static final byte[] PROBE = {1};

    public TlsFiles(Path certificate, Path key, Optional<Path> clientAuthority) {
        this(certificate, key, clientAuthority, READ_EVERY);
    }

    /** The contents of the files. */
    record Contents(Buffer certificate, Buffer key, @Nullable Buffer clientAuthority) {
        PemKeyCertOptions pair() {
            return new PemKeyCertOptions().setCertValue(certificate).setKeyValue(key);
        }

        /** Returns what shows the certificate. Vert.x needs no instance of itself for a pair that is no path. */
        @SuppressWarnings("NullAway")
        KeyManager[] keyManagers() throws GeneralSecurityException {
            try {
                return pair().getKeyManagerFactory(null).getKeyManagers();
            } catch (Exception e) {
                throw new GeneralSecurityException(e.getMessage(), e);
            }
        }
    }

    /**
     * Reads the files as they are.
     *
     * @throws IOException with the file, where one cannot be read
     */
    Contents read() throws IOException {
        return new Contents(read(certificate), read(key), clientAuthority.isPresent() ? read(clientAuthority.get()) : null);
    }

    /** @throws IOException where certificate and key cannot be read, or do not match */
    void requirePair(Contents contents) throws IOException {
        try {
            for (var manager : contents.keyManagers()) {
                if (manager instanceof X509KeyManager keys && matches(keys)) {
                    return;
                }
            }
        } catch (GeneralSecurityException e) {
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

    static Buffer read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + ": over " + BYTES_MAX + " bytes (expected: a PEM file)");
        }
        return Buffer.buffer(Files.readAllBytes(file));
    }

    /**
     * Returns what believes certificates that these authorities signed, and no others.
     *
     * @param file that they are from, for messages
     */
    static X509TrustManager believing(Path file, Buffer authorities) throws IOException {
        try {
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (Certificate each : CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(authorities.getBytes()))) {
                trusted.setCertificateEntry("authority-" + number++, each);
            }
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            for (var manager : managers.getTrustManagers()) {
                if (number > 0 && manager instanceof X509TrustManager found) {
                    return found;
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("%s: %s (expected: certificates in PEM)".formatted(file, e.getMessage()), e);
        }
        throw new IOException(file + ": no certificate (expected: at least one in PEM)");
    }
}
