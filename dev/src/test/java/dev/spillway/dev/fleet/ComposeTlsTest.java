package dev.spillway.dev.fleet;

import dev.spillway.service.http.ClientTls;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
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
    void workersWithCertificatesAloneFetchFromEachOtherAndDelete() throws Exception {
        try (ComposeFleet fleet = new ComposeFleet("spillway-tls-test", scratch, List.of("docker-compose.tls.yml"))) {
            fleet.make("certificates");
            fleet.up();
            Path tree = Files.createDirectories(scratch.resolve("tree"));
            Files.writeString(tree.resolve("file"), "content");

            assertThatThrownBy(() -> Http.get("http://" + fleet.coordinator(1) + "/livez")).isInstanceOf(IOException.class);
            assertThat(spillway(fleet, "namespace", "set", "trees", "--max-entries", "2", "--url", url(fleet.coordinator(1))).exitCode())
                    .isZero();
            for (int number = 1; number <= 3; number++) {
                Spillway.Ran put = spillway(fleet, "put", "trees", "key-" + number, tree.toString(), "--worker", url(fleet.worker(number)));
                assertThat(put.exitCode()).as(put.err()).isZero();
            }
            Eventually.holds(ComposeFleet.PATIENCE, () -> {
                assertThat(spillway(fleet, "ls", "trees", "--url", url(fleet.coordinator(2))).out()).contains("key-2", "key-3")
                        .doesNotContain("key-1");
                assertThat(spillway(fleet, "evictions", "--url", url(fleet.coordinator(2))).out()).contains("key-1", "CLOSED");
            });

            assertThat(spillway(fleet, "namespace", "set", "objects", "--max-entries", "10", "--backend", "artifact", "--url",
                    url(fleet.coordinator(1))).exitCode()).isZero();
            try (HttpClient client = client(fleet)) {
                copy(client, fleet, "1");
                fleet.make("certificates");
                Eventually.holds(ComposeFleet.PATIENCE, () -> assertThat(fleet.compose("logs", "worker-1", "worker-3")
                        .said()
                        .lines()
                        .filter(line -> line.contains("its new content is served")))
                        .hasSize(2));
                copy(client, fleet, "2");
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

    /** Puts an artifact at the third host, and reads it from the first one, which asks the third with its certificate. */
    private static void copy(HttpClient client, ComposeFleet fleet, String key) {
        String artifact = "/v1/artifacts/objects/" + "0".repeat(63) + key;
        Eventually.holds(ComposeFleet.PATIENCE,
                () -> assertThat(status(client, fleet, "PUT", url(fleet.worker(3)) + artifact)).isBetween(200, 201));
        Eventually.holds(ComposeFleet.PATIENCE,
                () -> assertThat(status(client, fleet, "GET", url(fleet.worker(1)) + artifact)).isEqualTo(200));
    }

    private static int status(HttpClient client, ComposeFleet fleet, String method, String url) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + fleet.operator())
                .method(method, BodyPublishers.ofString("PUT".equals(method) ? "content" : ""))
                .build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
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
