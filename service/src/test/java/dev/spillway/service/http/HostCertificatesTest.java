package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.api.Role;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identity;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests a service that asks clients for certificates, and requires a token from a client without one. */
class HostCertificatesTest {
    private static final long HANG = Duration.ofMinutes(5).toNanos();
    private static final String HOST_1 = "spiffe://example.org/spillway/host/host-1";
    private static final Duration SOON = Duration.ofMillis(20);

    @TempDir
    private Path folder;
    private final List<HttpClient> clients = new ArrayList<>();
    private final String token = AccessToken.mint(new SecureRandom());
    private CertificateAuthority authority;
    private Certificate served;
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        authority = CertificateAuthority.make(folder, "authority");
        served = authority.sign(folder, "served");
        Files.copy(authority.certificate(), folder.resolve("clients.crt"));
        Identity operator = new Identity("ops", Role.OPERATOR, Set.of(), null);
        Endpoint.Handler done = request -> Response.ok(Map.of("caller", request.caller()));
        service = new RunningService(
                new ListenerSecurity(
                        true,
                        false,
                        Optional.of(new TlsFiles(served.certificate(), served.key(), Optional.of(folder.resolve("clients.crt")), SOON)),
                        Optional.empty(),
                        Optional.of("example.org")),
                digest -> digest.equals(AccessToken.digest(token)) ? Optional.of(operator) : Optional.empty(),
                Endpoint.of(Operation.change("POST", "/hosts/{host}").only(Role.HOST), done),
                Endpoint.of(Operation.change("POST", "/policies").only(Role.OPERATOR), done),
                RunningService.get("/events", request -> Response.events(events -> {
                    events.send("1", "first", Map.of());
                    new CountDownLatch(1).await();
                })));
    }

    @AfterEach
    void stop() {
        clients.forEach(HttpClient::shutdownNow);
        service.close();
    }

    private HttpClient client(@Nullable Certificate own) throws IOException {
        ClientTls tls = new ClientTls(
                authority.certificate(),
                Optional.ofNullable(own).map(pair -> new TlsFiles(pair.certificate(), pair.key(), Optional.empty())));
        return using(tls.get());
    }

    private HttpClient using(SSLContext context) {
        HttpClient client = HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
        clients.add(client);
        return client;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://" + service.service.address() + path)).POST(BodyPublishers.noBody());
    }

    private HttpResponse<String> post(HttpClient client, String path) throws IOException, InterruptedException {
        return client.send(request(path).build(), BodyHandlers.ofString());
    }

    @Test
    void aCertificateSpeaksForItsHostAlone() throws Exception {
        HttpClient host = client(authority.sign(folder, "host-1", HOST_1));
        assertThat(post(host, "/hosts/host-1").body()).isEqualTo("{\"caller\":\"host:host-1\"}");
        assertThat(post(host, "/hosts/host-2").statusCode()).isEqualTo(403);
        assertThat(post(host, "/policies").statusCode()).isEqualTo(403);
    }

    @Test
    void whoHasNoCertificateComesWithAToken() throws Exception {
        HttpClient nobody = client(null);
        assertThat(post(nobody, "/hosts/host-1").statusCode()).isEqualTo(401);
        HttpRequest withToken = request("/policies").header("Authorization", "Bearer " + token).build();
        assertThat(nobody.send(withToken, BodyHandlers.ofString()).body()).isEqualTo("{\"caller\":\"ops\"}");
        HttpClient host = client(authority.sign(folder, "host-1", HOST_1));
        assertThat(host.send(withToken, BodyHandlers.ofString()).statusCode()).as("the token wins over the certificate").isEqualTo(200);
    }

    @Test
    void aCertificateThatNamesNoHostIsNobody() throws Exception {
        List<String[]> names = List.of(
                new String[]{},
                new String[]{"spiffe://example.org/spillway/host/"},
                new String[]{"spiffe://example.org/spillway/host/host-1/more"},
                new String[]{"spiffe://example.org/other/host/host-1"},
                new String[]{"https://example.org/spillway/host/host-1"},
                new String[]{"spiffe://example.org/spillway/host/Host_1"},
                new String[]{HOST_1, "spiffe://example.org/spillway/host/host-2"},
                new String[]{"spiffe://example.com/spillway/host/host-1"},
                new String[]{"spiffe://Example.org/spillway/host/host-1"});
        for (String[] each : names) {
            HttpResponse<String> answer = post(client(authority.sign(folder, "nobody", each)), "/hosts/host-1");
            assertThat(answer.statusCode()).as(List.of(each).toString()).isEqualTo(401);
            assertThat(answer.body()).contains("spiffe://TRUST-DOMAIN/spillway/host/HOST");
        }
    }

    @Test
    void aCertificateOfAnotherAuthorityOrOneThatIsOverIsRefused() throws Exception {
        CertificateAuthority foreign = CertificateAuthority.make(folder, "foreign");
        // A Java client sends only a certificate of an authority that the server names. So this one has the authority's name.
        CertificateAuthority alike = CertificateAuthority.make(Files.createDirectory(folder.resolve("alike")), "authority");
        assertThat(post(client(foreign.sign(folder, "strange", HOST_1)), "/hosts/host-1").statusCode()).isEqualTo(401);
        HttpClient forged = client(alike.sign(folder, "forged", HOST_1));
        assertThatThrownBy(() -> post(forged, "/hosts/host-1")).isInstanceOf(IOException.class);
        HttpClient late = client(authority.signExpired(folder, "late", HOST_1));
        assertThatThrownBy(() -> post(late, "/hosts/host-1")).isInstanceOf(IOException.class);
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void anAuthorityThatIsTakenAwayEndsItsHostsAlsoOnOpenConnections() throws Exception {
        HttpClient host = client(authority.sign(folder, "host-1", HOST_1));
        assertThat(post(host, "/hosts/host-1").statusCode()).isEqualTo(200);
        HttpResponse<InputStream> events = host.send(request("/events").GET().build(), BodyHandlers.ofInputStream());
        assertThat(events.statusCode()).isEqualTo(200);
        CertificateAuthority next = CertificateAuthority.make(folder, "next");
        Files.copy(next.certificate(), folder.resolve("clients.crt"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(new String(events.body().readAllBytes(), StandardCharsets.UTF_8)).contains("event: first");
        HttpClient renewed = client(next.sign(folder, "host-1-next", HOST_1));
        long deadline = System.nanoTime() + HANG;
        while (post(host, "/hosts/host-1").statusCode() != 401 || post(renewed, "/hosts/host-1").statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @Test
    void aClientShowsItsRenewedCertificate() throws Exception {
        Certificate own = authority.sign(folder, "own", HOST_1);
        ClientTls tls = new ClientTls(authority.certificate(), Optional.of(new TlsFiles(own.certificate(), own.key(), Optional.empty())));
        SSLContext former = tls.get();
        assertThat(post(using(former), "/hosts/host-1").statusCode()).isEqualTo(200);
        Certificate next = authority.sign(folder, "next", "spiffe://example.org/spillway/host/host-2");
        Files.move(next.certificate(), own.certificate(), StandardCopyOption.REPLACE_EXISTING);
        Files.move(next.key(), own.key(), StandardCopyOption.REPLACE_EXISTING);
        long deadline = System.nanoTime() + HANG;
        while (tls.get().equals(former)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(post(using(tls.get()), "/hosts/host-2").body()).isEqualTo("{\"caller\":\"host:host-2\"}");
    }
}
