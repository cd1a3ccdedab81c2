package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Hosts measure how long images take to be made, where the namespace's policy asks for it. */
@Tag("full")
class BuildTimesOfAFleetTest {
    @TempDir
    Path scratch;

    @SuppressWarnings("NullAway.Init")
    private FleetInProcess fleet;

    @BeforeEach
    void start() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 1);
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    private void ask(String method, String url, Object body) throws Exception {
        Http.Answer answer = Http.send(method, url, body, Map.of());
        assertThat(answer.status()).as(answer.text()).isBetween(200, 204);
    }

    private JsonNode labels(String namespace, String key) throws Exception {
        String entry = fleet.url() + "/v1/namespaces/" + namespace + "/entries/" + key;
        Eventually.holds(Eventually.HANG, () -> assertThat(Http.get(entry).status()).isEqualTo(200));
        return Http.get(entry).json().path("labels");
    }

    /** Misses the key, and puts it as an artifact and as a directory. Returns the longest that may have been measured. */
    private Duration build(String suffix, String key) throws Exception {
        long begin = System.nanoTime();
        String artifact = fleet.workerUrl(1) + "/v1/artifacts/artifacts-" + suffix + "/" + key;
        String directory = fleet.workerUrl(1) + "/v1/directories/trees-" + suffix + "/entries/" + key;
        assertThat(Http.get(artifact).status()).isEqualTo(404);
        assertThat(Http.get(directory).status()).isEqualTo(404);
        ask("PUT", artifact, Map.of("compiled", key));
        ask("PUT", directory, Map.of("sourceDir", Files.createDirectories(scratch.resolve("tree")).toString()));
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    @Test
    void aPutAfterAMissTellsHowLongItTookUnderGdsfAlone() throws Exception {
        for (String suffix : List.of("lru", "gdsf")) {
            String policy = suffix.toUpperCase(Locale.ROOT);
            ask(
                    "PUT",
                    fleet.url() + "/v1/namespaces/artifacts-" + suffix,
                    Map.of("maxEntries", 10, "backend", "ARTIFACT", "evictionPolicy", policy));
            ask("PUT", fleet.url() + "/v1/namespaces/trees-" + suffix, Map.of("maxEntries", 10, "evictionPolicy", policy));
        }
        AtomicInteger tries = new AtomicInteger();
        // A worker measures nothing before it knows the policy.
        Eventually.holds(Eventually.HANG, () -> {
            String key = "%064d".formatted(tries.incrementAndGet());
            Duration most = build("gdsf", key);
            for (String namespace : List.of("artifacts-gdsf", "trees-gdsf")) {
                assertThat(labels(namespace, key).path("rebuild-seconds").asDouble()).isPositive()
                        .isLessThanOrEqualTo(most.toMillis() / 1000.0 + 0.001);
            }
        });
        String key = "%064d".formatted(0);
        build("lru", key);
        assertThat(labels("artifacts-lru", key)).isEmpty();
        assertThat(labels("trees-lru", key)).isEmpty();
    }
}
