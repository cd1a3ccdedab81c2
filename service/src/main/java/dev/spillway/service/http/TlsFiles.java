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
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Certificate and key of a service in PEM files. They are read again at intervals, and changes are found by their content, so replaced symbolic links
 * work, too. If certificate and key do not match, for example while one file is already replaced and the other is not, the former pair stays in use.
 *
 * @param clientAuthority PEM file of the authorities that sign certificates of hosts; clients are asked for theirs if it is given
 * @param readEvery       how often the files are read again
 */
public record TlsFiles(Path certificate, Path key, Optional<Path> clientAuthority, Duration readEvery) {
    /** Names the expected form of a file of certificates, for messages. */
    public static final String CERTIFICATES = "a PEM file with at least one certificate";

    static final Duration READ_EVERY = Duration.ofSeconds(2);

    private static final long BYTES_MAX = 1 << 20;
    /** Signature algorithms by kind of key. */
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

        /** Returns the key managers of the certificate. Vert.x accepts null for its instance here, because the pair is in memory. */
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
     * @throws IOException if a file cannot be read, with its name
     */
    Contents read() throws IOException {
        return new Contents(read(certificate), read(key), clientAuthority.isPresent() ? read(clientAuthority.get()) : null);
    }

    /** @throws IOException if certificate and key cannot be read, or do not match */
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

    /** Returns the end of the certificate's validity. */
    Instant end(Contents contents) throws IOException {
        return own(contents).getNotAfter().toInstant();
    }

    /** @throws IOException if the certificate has expired or is not valid yet, so that no client would trust it */
    void requireValid(Contents contents) throws IOException {
        try {
            own(contents).checkValidity();
        } catch (CertificateExpiredException e) {
            throw new IOException("%s: it is expired, %s".formatted(certificate, e.getMessage()), e);
        } catch (CertificateNotYetValidException e) {
            throw new IOException("%s: it is not valid yet, %s".formatted(certificate, e.getMessage()), e);
        }
    }

    /** Returns the first certificate of the chain. */
    private X509Certificate own(Contents contents) throws IOException {
        try {
            for (Certificate each : certificates(contents.certificate())) {
                return (X509Certificate) each;
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("%s: %s (expected: %s)".formatted(certificate, e.getMessage(), CERTIFICATES), e);
        }
        throw new IOException("%s: no certificate (expected: %s)".formatted(certificate, CERTIFICATES));
    }

    /** Returns whether the key belongs to the certificate. Vert.x would accept a wrong key, and then every handshake would fail. */
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

    static boolean isPair(Path certificate, Path key) {
        try {
            var files = new TlsFiles(certificate, key, Optional.empty());
            files.requirePair(files.read());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** @throws IOException with the reason, if a file has no readable certificates; without the file's name */
    public static void requireCertificates(Path file) throws IOException {
        int number;
        try {
            number = certificates(read(file)).size();
        } catch (GeneralSecurityException e) {
            throw new IOException("it cannot be read as certificates", e);
        }
        if (number == 0) {
            throw new IOException("it has no certificate");
        }
    }

    private static Collection<? extends Certificate> certificates(Buffer pem) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem.getBytes()));
    }

    static Buffer read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + ": over " + BYTES_MAX + " bytes (expected: a PEM file)");
        }
        return Buffer.buffer(Files.readAllBytes(file));
    }

    /**
     * Returns a trust manager that trusts only certificates signed by these authorities.
     *
     * @param file their file, for messages
     */
    static X509TrustManager believing(Path file, Buffer authorities) throws IOException {
        try {
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (Certificate each : certificates(authorities)) {
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
