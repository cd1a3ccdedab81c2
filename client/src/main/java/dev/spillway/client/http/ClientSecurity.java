package dev.spillway.client.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The token that a client sends, and the authority that it trusts. Immutable.
 *
 * @param token token of each request, also over a Unix socket, whose service passes it on; absent for none
 * @param tls   returns the context with the trusted authorities and the client's certificate, a new one whenever these change; absent for the
 *              authorities that this Java platform trusts
 */
public record ClientSecurity(@Nullable String token, @Nullable Supplier<SSLContext> tls) {
    public static final ClientSecurity NONE = new ClientSecurity(null, null);

    /**
     * Reads the trusted authorities.
     *
     * @param token     absent for none
     * @param authority PEM file of the only trusted certificates; absent for those that this Java platform trusts
     * @throws IOException when the file cannot be read, or has no certificate
     */
    public static ClientSecurity of(@Nullable String token, @Nullable Path authority) throws IOException {
        if (authority == null) {
            return new ClientSecurity(token, null);
        }
        SSLContext trusting = trusting(authority);
        return new ClientSecurity(token, () -> trusting);
    }

    private static SSLContext trusting(Path authority) throws IOException {
        try (InputStream in = Files.newInputStream(authority)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("authority-" + number++, certificate);
            }
            if (number == 0) {
                throw new IOException(authority + ": no certificate (expected: at least one in PEM)");
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(authority + ": " + e.getMessage() + " (expected: certificates in PEM)", e);
        }
    }

    /** Returns a text without the token. */
    @Override
    public String toString() {
        return "ClientSecurity[token=" + (token == null ? "none" : "***") + "]";
    }
}
