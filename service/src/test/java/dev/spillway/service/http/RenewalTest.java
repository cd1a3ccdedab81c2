package dev.spillway.service.http;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests renewed certificates that are not served, and the expiry of the served one. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RenewalTest {
    private static final Logger REFUSALS = (Logger) LoggerFactory.getLogger(UnusableFiles.class);

    @TempDir
    private Path folder;
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            warnings.add(event.getFormattedMessage());
        }
    };
    private CertificateAuthority authority;

    @BeforeEach
    void start() throws Exception {
        authority = CertificateAuthority.make(folder, "authority");
        appender.setContext(REFUSALS.getLoggerContext());
        appender.start();
        REFUSALS.addAppender(appender);
    }

    @AfterEach
    void stop() {
        REFUSALS.detachAppender(appender);
    }

    private Path served(String kind) {
        return folder.resolve("served" + kind);
    }

    private void serve(Certificate pair) throws IOException {
        Files.copy(pair.key(), served(".key"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(pair.certificate(), served(".crt"), StandardCopyOption.REPLACE_EXISTING);
    }

    private RunningService service() throws Exception {
        TlsFiles files = new TlsFiles(served(".crt"), served(".key"), Optional.empty(), Duration.ofMillis(20));
        return new RunningService(
                new ListenerSecurity(false, false, Optional.of(files)),
                digest -> Optional.empty(),
                RunningService.get("/hello", request -> Response.ok(Map.of())));
    }

    /** Returns the certificate that the service shows on a new connection. The client trusts its authority. */
    private X509Certificate shown(RunningService service) throws Exception {
        try (HttpClient client =
                HttpClient.newBuilder().sslContext(new ClientTls(authority.certificate(), Optional.empty()).get()).build()) {
            HttpRequest hello = HttpRequest.newBuilder(URI.create("https://" + service.service.address() + "/hello")).build();
            return (X509Certificate) client.send(hello, BodyHandlers.discarding())
                    .sslSession()
                    .orElseThrow()
                    .getPeerCertificates()[0];
        }
    }

    private static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    @Test
    void aRenewalToAnExpiredCertificateIsNotServed() throws Exception {
        serve(authority.sign(folder, "first"));
        try (RunningService service = service()) {
            serve(authority.signExpired(folder, "late"));
            while (warnings.stream().noneMatch(warning -> warning.contains("served.crt: it is expired, "))) {
                assertThat(name(shown(service))).isEqualTo("CN=first");
            }
            assertThat(name(shown(service))).isEqualTo("CN=first");
            serve(authority.sign(folder, "second"));
            while (!name(shown(service)).equals("CN=second")) {
                assertThat(name(shown(service))).isIn("CN=first", "CN=second");
            }
        }
    }

    @Test
    void theEndOfTheServedCertificateIsAMetricAndARemark() throws Exception {
        serve(authority.sign(folder, "first"));
        try (RunningService service = service()) {
            Instant end = shown(service).getNotAfter().toInstant();
            assertThat(service.metrics.registry().get("spillway.tls.certificate.expires.timestamp").gauge().value())
                    .isEqualTo((double) end.getEpochSecond());
            assertThat(service.metrics.registry().scrape()).contains("\nspillway_tls_certificate_expires_timestamp_seconds ");
            assertThat(service.service.certificateRemark(end.minus(Duration.ofDays(14)))).contains("served.crt", "ends at " + end);
            assertThat(service.service.certificateRemark(end)).contains("ended at " + end);
            assertThat(service.service.certificateRemark(end.minus(Duration.ofDays(15)))).isEmpty();
        }
    }

    @Test
    void theSameRefusalIsToldOnce() {
        UnusableFiles refusals = new UnusableFiles("a.crt: not renewed");
        IOException expired = new IOException("it is expired");
        for (int look = 0; look < 3; look++) {
            refusals.tell("content", expired);
        }
        refusals.tell("other content", expired);
        refusals.tell(null, new IOException("it is gone"));
        refusals.tell(null, new IOException("it is gone"));
        refusals.over();
        refusals.tell(null, new IOException("it is gone"));
        assertThat(warnings).containsExactly(
                "a.crt: not renewed: it is expired",
                "a.crt: not renewed: it is expired",
                "a.crt: not renewed: it is gone",
                "a.crt: not renewed: it is gone");
    }
}
