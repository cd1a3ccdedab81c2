package dev.spillway.dev.fleet;

import dev.spillway.service.http.ClientTls;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The fleet of docker-compose.yml with docker-compose.tls.yml over it. */
@Tag("full")
class ComposeTlsTest {
    @TempDir
    Path scratch;

    @Test
    void workersWithCertificatesAloneFetchFromEachOtherAlsoAfterARenewalAndDelete() throws Exception {
        try (ComposeFleet fleet = new ComposeFleet("spillway-tls-test", scratch, List.of("docker-compose.tls.yml"))) {
            fleet.make("certificates");
            fleet.up();
            assertThatThrownBy(() -> Http.get("http://" + fleet.coordinator(1) + "/livez")).isInstanceOf(IOException.class);
            assertThat(
                    spillway(
                            fleet,
                            "namespace",
                            "set",
                            "objects",
                            "--max-entries",
                            "3",
                            "--backend",
                            "artifact",
                            "--url",
                            url(fleet.coordinator(1))).exitCode())
                    .isZero();
            try (HttpClient client = client(fleet)) {
                put(client, fleet, 3, "1");
                fetch(client, fleet, "1");
                fleet.make("certificates");
                Eventually.holds(
                        ComposeFleet.PATIENCE,
                        () -> assertThat(
                                fleet.compose("logs", "worker-1", "worker-3")
                                        .said()
                                        .lines()
                                        .filter(line -> line.contains("its new content is served")))
                                .hasSize(2));
                put(client, fleet, 3, "2");
                fetch(client, fleet, "2");
                // Evicts one of the first two, which two hosts hold: which one depends on when their uses are told.
                put(client, fleet, 2, "3");
                put(client, fleet, 2, "4");
                Eventually.holds(
                        ComposeFleet.PATIENCE,
                        () -> assertThat(answer(client, fleet, "GET", url(fleet.coordinator(2)) + "/v1/evictions?state=closed").body())
                                .containsPattern("host-3\",\"state\":\"DELETED")
                                .containsPattern("host-1\",\"state\":\"DELETED"));
            }
            assertThat(fleet.compose("logs").said()).as("no token in any log").doesNotContain(fleet.operator());
        }
    }

    private static HttpClient client(ComposeFleet fleet) throws IOException {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(new ClientTls(fleet.authority(), Optional.empty()).get())
                .build();
    }

    private static String fingerprint(String key) {
        return "0".repeat(63) + key;
    }

    private static void put(HttpClient client, ComposeFleet fleet, int host, String key) {
        String url = url(fleet.worker(host)) + "/v1/artifacts/objects/" + fingerprint(key);
        Eventually.holds(ComposeFleet.PATIENCE, () -> assertThat(answer(client, fleet, "PUT", url).statusCode()).isBetween(200, 201));
    }

    /** Reads from the first host, which asks the third one with its certificate. */
    private static void fetch(HttpClient client, ComposeFleet fleet, String key) {
        String url = url(fleet.worker(1)) + "/v1/artifacts/objects/" + fingerprint(key);
        Eventually.holds(ComposeFleet.PATIENCE, () -> assertThat(answer(client, fleet, "GET", url).statusCode()).isEqualTo(200));
    }

    private static HttpResponse<String> answer(HttpClient client, ComposeFleet fleet, String method, String url)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + fleet.operator())
                .method(method, BodyPublishers.ofString("PUT".equals(method) ? "content" : ""))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private static String url(String address) {
        return "https://" + address;
    }

    private static Spillway.Ran spillway(ComposeFleet fleet, String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--tls-ca", fleet.authority().toString(), "--token-file", fleet.operatorToken().toString()));
        return Spillway.run(all.toArray(String[]::new));
    }
}
