package dev.spillway.service.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Finds the host of a connection by its client certificate, whose only URI name is a SPIFFE ID of the form {@value #FORM}. The handshake checked the
 * certificate, but connections are kept open and sessions are resumed. So it is checked again every {@link Guard#BELIEVED_FOR}, against the
 * authorities that are trusted at that time. Thread-safe.
 */
final class HostCertificates {
    static final String FORM = "spiffe://TRUST-DOMAIN/spillway/host/HOST";

    /** Form of a trust domain (SPIFFE ID specification, section 2.1). */
    private static final Pattern TRUST_DOMAIN = Pattern.compile("[a-z0-9._-]{1,255}");
    private static final Pattern NAME = Pattern.compile("spiffe://([^/?#]+)/spillway/host/([^/?#]+)");
    /** Kind of a subject's alternative name (RFC 5280, section 4.2.1.6). */
    private static final Integer URI = 6;
    private static final long CERTIFICATES_MAX = 100_000;

    private final Identities identities;
    private final Supplier<X509TrustManager> authorities;
    private final Optional<String> trustDomain;
    private final Cache<X509Certificate, Identity> believed =
            Caffeine.newBuilder().expireAfterWrite(Guard.BELIEVED_FOR).maximumSize(CERTIFICATES_MAX).build();

    /** @param trustDomain required trust domain of the names; empty for any */
    HostCertificates(Identities identities, Supplier<X509TrustManager> authorities, Optional<String> trustDomain) {
        this.identities = identities;
        this.authorities = authorities;
        this.trustDomain = trustDomain;
    }

    static boolean isTrustDomain(String text) {
        return TRUST_DOMAIN.matcher(text).matches();
    }

    /**
     * Finds the host of a connection.
     *
     * @return empty if the client has no certificate
     * @throws ProblemException if it is no longer trusted, or names no host
     */
    Optional<Identity> find(@Nullable SSLSession session) {
        try {
            if (session == null || !(session.getPeerCertificates() instanceof X509Certificate[] chain)) {
                return Optional.empty();
            }
            return Optional.of(believed.get(chain[0], _ -> check(chain)));
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    private Identity check(X509Certificate[] chain) {
        try {
            authorities.get().checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
            List<String> names = uriNames(chain[0]);
            var name = NAME.matcher(names.size() == 1 ? names.getFirst() : "");
            if (!name.matches()) {
                throw refused("URI names: " + Problem.shown(String.join(" ", names)));
            }
            if (trustDomain.isPresent() && !trustDomain.get().equals(name.group(1))) {
                throw refused("trust domain: " + Problem.shown(name.group(1)) + ", not " + trustDomain.get());
            }
            return identities.host(new HostId(name.group(2)));
        } catch (CertificateException | InvalidValueException e) {
            throw refused(String.valueOf(e.getMessage()));
        }
    }

    private static List<String> uriNames(X509Certificate certificate) throws CertificateParsingException {
        var names = certificate.getSubjectAlternativeNames();
        return names == null ? List.of()
                : names.stream().filter(name -> URI.equals(name.get(0))).map(name -> String.valueOf(name.get(1))).toList();
    }

    private static ProblemException refused(String why) {
        return Problem.of(
                ProblemType.UNAUTHENTICATED,
                "certificate: " + why + " (expected: one that is believed, with the one URI name " + FORM + "; or a token)").exception();
    }
}
