package dev.spillway.service.http;

import dev.spillway.service.identity.Identities;
import dev.spillway.service.settings.CrossCheck;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The proofs that a TCP listener requires. A Unix socket requires none, because its file permissions control who may connect.
 *
 * @param requireTokens whether tokens are required on loopback, too; every other address requires them in any case
 * @param plain         whether an address other than loopback may be served without TLS
 * @param tls           certificate and key; empty without TLS
 * @param health        further address on loopback that answers /livez and /readyz without TLS
 * @param trustDomain   required trust domain of hosts' certificates; empty for any that the authorities sign
 */
public record ListenerSecurity(
        boolean requireTokens,
        boolean plain,
        Optional<TlsFiles> tls,
        Optional<HostPort> health,
        Optional<String> trustDomain) {
    /** Requires no proof; only for loopback. */
    public static final ListenerSecurity NONE = new ListenerSecurity(false, false, Optional.empty());

    private static final Setting<Boolean> REQUIRE_TOKENS =
            Setting.flag("require-tokens", "Ask for a token on loopback, too; on any other address one is always asked for")
                    .defaultTo(false);
    private static final Setting<Boolean> PLAIN_HTTP =
            Setting.flag("plain-http", "Listen on an address that is not loopback without TLS: tokens and contents can be read on the way")
                    .defaultTo(false);
    private static final Setting<Optional<Path>> CERTIFICATE =
            Setting.path("tls-certificate", "PEM file of the certificate with its chain; renewed while it is served")
                    .readable(TlsFiles.CERTIFICATES, TlsFiles::requireCertificates)
                    .optional();
    private static final Setting<Optional<Path>> KEY = Setting.path("tls-key", "PEM file of the certificate's key")
            .readable("a PEM file", TlsFiles::read)
            .optional();
    private static final Setting<Optional<Path>> CLIENT_CA = Setting
            .path(
                    "tls-client-ca",
                    "PEM file of the authorities that sign certificates of hosts; clients are asked for theirs if it is given")
            .readable(TlsFiles.CERTIFICATES, TlsFiles::requireCertificates)
            .optional();

    private static final Setting<Optional<String>> TRUST_DOMAIN =
            Setting.text(
                    "tls-trust-domain",
                    "Trust domain that certificates of hosts must be of; any of these authorities' if it is not given")
                    .must("a name such as example.org", HostCertificates::isTrustDomain)
                    .optional();

    private static final Setting<Optional<HostPort>> HEALTH =
            Setting.address(
                    "health-listen",
                    "Another address that answers /livez and /readyz, without TLS: for health checks of this machine")
                    .must("a loopback address", HostPort::isLoopback)
                    .optional();

    /** The settings that {@link #from} reads, for the declaration of a service. */
    public static final List<Setting<?>> SETTINGS = List.of(REQUIRE_TOKENS, PLAIN_HTTP, CERTIFICATE, KEY, CLIENT_CA, TRUST_DOMAIN, HEALTH);

    private static final String SAFE =
            "a loopback address such as 127.0.0.1; or tls-certificate and tls-key; or plain-http, if others may read what is sent";

    /** Creates the security of a listener without an address for health checks. */
    public ListenerSecurity(boolean requireTokens, boolean plain, Optional<TlsFiles> tls) {
        this(requireTokens, plain, tls, Optional.empty(), Optional.empty());
    }

    /** Returns the conditions on the address of a service. */
    public static List<CrossCheck> checks(Setting<HostPort> listen) {
        return List.of(
                new CrossCheck(
                        CERTIFICATE,
                        KEY,
                        "given together with tls-key",
                        (certificate, key) -> certificate.isPresent() == key.isPresent()),
                new CrossCheck(
                        KEY,
                        CERTIFICATE,
                        "the key of tls-certificate, in PEM and without a password",
                        (key, certificate) -> key.isEmpty() || certificate.isEmpty() || TlsFiles.isPair(certificate.get(), key.get())),
                new CrossCheck(
                        CLIENT_CA,
                        CERTIFICATE,
                        "given together with tls-certificate and tls-key",
                        (authority, certificate) -> authority.isEmpty() || certificate.isPresent()),
                new CrossCheck(
                        TRUST_DOMAIN,
                        CLIENT_CA,
                        "given together with tls-client-ca",
                        (domain, authority) -> domain.isEmpty() || authority.isPresent()),
                new CrossCheck(
                        listen,
                        List.of(CERTIFICATE, PLAIN_HTTP),
                        SAFE,
                        settings -> settings.get(listen).isLoopback()
                                || settings.get(CERTIFICATE).isPresent() || settings.get(PLAIN_HTTP)));
    }

    public static ListenerSecurity from(Settings settings) {
        return new ListenerSecurity(
                settings.get(REQUIRE_TOKENS),
                settings.get(PLAIN_HTTP),
                settings.get(CERTIFICATE)
                        .flatMap(certificate -> settings.get(KEY).map(key -> new TlsFiles(certificate, key, settings.get(CLIENT_CA)))),
                settings.get(HEALTH),
                settings.get(TRUST_DOMAIN));
    }

    /** Returns the URL of this address for clients. */
    public String url(HostPort address) {
        return (tls.isPresent() ? "https://" : "http://") + address;
    }

    /** Returns whether requests to this address need a token. */
    boolean asksAt(HostPort address) {
        return requireTokens || !address.isLoopback();
    }

    void requireSafe(HostPort address, Optional<Identities> identities) throws IOException {
        if (!address.isLoopback() && tls.isEmpty() && !plain) {
            throw new IOException("listen: %s (expected: %s)".formatted(address, SAFE));
        }
        if (asksAt(address) && identities.isEmpty()) {
            throw new IOException("listen: " + address + " (expected: a loopback address, because this service knows no tokens)");
        }
    }
}
