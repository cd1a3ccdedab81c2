package dev.spillway.worker.registry;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Role;
import dev.spillway.api.body.Tokens;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.client.http.Outcome;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.http.ListenerSecurity;
import dev.spillway.service.http.Response;
import dev.spillway.service.http.TlsFiles;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A worker that asks coordinators whose certificates it does not believe, or that speak no TLS, or TLS alone. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ServersNotBelievedTest {
    @TempDir
    private Path folder;
    private CertificateAuthority authority;
    private final AtomicInteger asked = new AtomicInteger();

    @BeforeEach
    void authority() throws Exception {
        authority = CertificateAuthority.make(folder, "authority");
    }

    /** Asks a coordinator that serves this certificate whose a token is, believing those of an authority. */
    private Outcome<Tokens.Found> ask(@Nullable Certificate served, @Nullable Path believed) throws Exception {
        Endpoint find = Endpoint.of(CoordinatorApi.FIND_TOKEN, request -> {
            asked.incrementAndGet();
            return Response.ok(new Tokens.Found("reader", Role.READER, List.of(), null, null));
        }).json(1000);
        Optional<TlsFiles> tls =
                Optional.ofNullable(served).map(pair -> new TlsFiles(pair.certificate(), pair.key(), Optional.empty()));
        try (ServiceMetrics metrics = new ServiceMetrics();
                HttpService coordinator = HttpService.start(
                        new HttpService.Options(
                                "coordinator",
                                new HostPort("127.0.0.1", 0),
                                Optional.empty(),
                                HttpLimits.DEFAULT,
                                vertx -> List.of(find),
                                failure -> Optional.empty(),
                                Optional.empty(),
                                metrics.registry(),
                                new ListenerSecurity(false, false, tls),
                                Optional.empty(),
                                Tracing.off()));
                RegistryClient client = new RegistryClient(
                        List.of(coordinator.address()),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(1),
                        ClientSecurity.of(null, believed))) {
            return client.token("a".repeat(64));
        }
    }

    private void unreachable(Outcome<Tokens.Found> outcome, String... saying) {
        assertThat(outcome).isInstanceOfSatisfying(
                Outcome.Unreachable.class,
                unreachable -> assertThat(unreachable.why()).contains(saying));
        assertThat(asked).hasValue(0);
    }

    @Test
    void aCertificateOfAnotherAuthorityIsNamedAndNothingIsSent() throws Exception {
        Path other = CertificateAuthority.make(folder, "other").certificate();
        unreachable(
                ask(authority.sign(folder, "served"), other),
                "nothing was sent",
                "the server's certificate is not believed: it is signed by nobody who is believed",
                "tls-ca");
    }

    @Test
    void anExpiredCertificateIsNamed() throws Exception {
        unreachable(ask(authority.signExpired(folder, "served"), authority.certificate()), "nothing was sent", "it is expired, ");
    }

    @Test
    void aServerWithoutTlsIsNamed() throws Exception {
        unreachable(ask(null, authority.certificate()), "TLS is not spoken there");
    }

    @Test
    void whoSpeaksWithoutTlsToAServerWithTlsIsTold() throws Exception {
        assertThat(ask(authority.sign(folder, "served"), null)).isInstanceOfSatisfying(
                Outcome.Unknown.class,
                unknown -> assertThat(unknown.why()).contains("connection lost (expected: https:// where TLS is spoken)"));
        assertThat(asked).hasValue(0);
    }

    @Test
    void aServerThatIsBelievedIsAsked() throws Exception {
        assertThat(ask(authority.sign(folder, "served"), authority.certificate())).isInstanceOf(Outcome.Answer.class);
        assertThat(asked).hasValue(1);
    }
}
