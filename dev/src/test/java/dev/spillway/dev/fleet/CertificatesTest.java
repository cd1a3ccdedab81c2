package dev.spillway.dev.fleet;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.service.http.ClientTls;
import dev.spillway.service.http.TlsFiles;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A fleet of two hosts that prove themselves by certificates, and have no token. */
class CertificatesTest {
    private static final String TRUST_DOMAIN = "spiffe://example.org/spillway/host/";

    @TempDir
    private static Path scratch;
    private static CertificateAuthority authority;
    private static String operator;
    private static HttpClient client;
    private static FleetInProcess fleet;

    @BeforeAll
    static void start() throws Exception {
        authority = CertificateAuthority.make(scratch, "authority");
        Certificate coordinator = authority.sign(scratch, "coordinator");
        for (int host = 1; host <= 2; host++) {
            authority.sign(scratch, "host-" + host, TRUST_DOMAIN + "host-" + host);
        }
        operator = AccessToken.mint(new SecureRandom());
        Files.writeString(scratch.resolve("operator"), operator);
        Files.writeString(scratch.resolve("tokens"), "ops operator " + AccessToken.digest(operator) + "\n");
        client = client("host-2");
        Map<String, String> asking = Map.of("require-tokens", "true", "tls-client-ca", authority.certificate().toString());
        Map<String, String> ofCoordinator = new HashMap<>(asking);
        ofCoordinator.putAll(
                Map.of(
                        "tokens-file",
                        scratch.resolve("tokens").toString(),
                        "tls-certificate",
                        coordinator.certificate().toString(),
                        "tls-key",
                        coordinator.key().toString()));
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2, ofCoordinator, host -> {
            Map<String, String> ofWorker = new HashMap<>(asking);
            ofWorker.putAll(
                    Map.of(
                            "tls-ca",
                            authority.certificate().toString(),
                            "tls-certificate",
                            file(host, ".crt").toString(),
                            "tls-key",
                            file(host, ".key").toString()));
            return ofWorker;
        });
    }

    @AfterAll
    static void stop() {
        fleet.close();
        client.close();
    }

    private static Path file(int host, String kind) {
        return scratch.resolve("host-" + host + kind);
    }

    /** A client that shows the certificate of this name. */
    private static HttpClient client(String name) throws IOException {
        TlsFiles own = new TlsFiles(scratch.resolve(name + ".crt"), scratch.resolve(name + ".key"), Optional.empty());
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(new ClientTls(authority.certificate(), Optional.of(own)).get())
                .build();
    }

    private static int status(String method, String url, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    @Test
    void aHostSpeaksForItselfAlone() throws Exception {
        List<Operation> messages = CoordinatorApi.all().stream().filter(each -> each.template().startsWith("/v1/workers/")).toList();
        assertThat(messages).hasSize(10).allSatisfy(message -> {
            assertThat(status("POST", fleet.url() + message.path("host-1"), "{}")).as(message.toString()).isEqualTo(403);
            assertThat(status("POST", fleet.url() + message.path("host-2"), "{}")).as("its own: " + message).isEqualTo(400);
        });
        assertThat(status("DELETE", fleet.url() + "/v1/hosts/host-1", "")).isEqualTo(403);
        assertThat(status("GET", fleet.url() + "/v1/tokens", "")).isEqualTo(403);
    }

    @Test
    void hostsTakeCopiesFromEachOtherAlsoAfterARenewal() throws Exception {
        String[] asOperator = {"Authorization", "Bearer " + operator};
        assertThat(
                Spillway.run(
                        "namespace",
                        "set",
                        "objects",
                        "--max-entries",
                        "10",
                        "--backend",
                        "artifact",
                        "--url",
                        fleet.url(),
                        "--token-file",
                        scratch.resolve("operator").toString(),
                        "--tls-ca",
                        authority.certificate().toString()).exitCode())
                .isZero();
        copy("1", asOperator);
        renew("next", "host-2");
        copy("2", asOperator);
        String artifact = fleet.workerUrl(1) + "/v1/artifacts/objects/" + "0".repeat(63) + "1";
        assertThat(status("PUT", artifact, "other")).as("a worker is no writer").isEqualTo(403);
        assertThat(status("GET", artifact, "")).as("nor a reader").isEqualTo(403);
    }

    /** A worker asks its coordinator all the time on connections that it keeps, so a new one is seen only if those are left. */
    @Test
    void aRenewedCertificateIsShownInPlaceOfTheFormerOne() throws Exception {
        renew("other", "host-9");
        Eventually.holds(Eventually.HANG, () -> assertThat(status("GET", fleet.workerUrl(2) + "/readyz", "")).isEqualTo(503));
        renew("again", "host-2");
        Eventually.holds(Eventually.HANG, () -> assertThat(status("GET", fleet.workerUrl(2) + "/readyz", "")).isEqualTo(200));
    }

    @Test
    void aCertificateThatIsOverSoonIsRemarkedByReadiness() throws Exception {
        for (String url : List.of(fleet.url(), fleet.workerUrl(1))) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/readyz")).build();
            assertThat(client.send(request, BodyHandlers.ofString()).body()).contains(
                    "\"name\":\"tls\",\"ready\":true",
                    "remark",
                    "the certificate that is served ends at ");
        }
    }

    /** Replaces the certificate of the second worker by one that names this host, one file after the other. */
    private static void renew(String folder, String host) throws IOException, InterruptedException {
        Certificate next = authority.sign(Files.createDirectory(scratch.resolve(folder)), "host-2", TRUST_DOMAIN + host);
        Files.move(next.key(), file(2, ".key"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(next.certificate(), file(2, ".crt"), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Puts an artifact at the first host and reads it from the second one. */
    private static void copy(String key, String... asOperator) {
        String artifact = "/v1/artifacts/objects/" + "0".repeat(63) + key;
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(status("PUT", fleet.workerUrl(1) + artifact, "content", asOperator)).isBetween(200, 201));
        Eventually.holds(Eventually.HANG, () -> assertThat(status("GET", fleet.workerUrl(2) + artifact, "", asOperator)).isEqualTo(200));
    }
}
