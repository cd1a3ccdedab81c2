package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code spillway demo} as a process. */
@Tag("full")
class DemoTest {
    private static final int HOSTS = 2;

    @TempDir
    Path scratch;

    private static JsonNode asked(String url, String... command) throws IOException {
        List<String> words = new ArrayList<>(List.of(command));
        words.addAll(List.of("--json", "--url", url));
        Spillway.Ran ran = Spillway.run(words.toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.toString()).isZero();
        return Http.mapper().readTree(ran.out());
    }

    @Test
    void aFleetIsUsedWhileAHostComesAndGoes() throws IOException, InterruptedException {
        int port = Ports.freeForDev(HOSTS + 1);
        String url = "127.0.0.1:" + port;
        try (SpillwayProcess demo = SpillwayProcess.start(
                scratch.resolve("output"),
                List.of("demo", "--hosts", String.valueOf(HOSTS), "--port", String.valueOf(port)))) {
            demo.awaitReady(1, Eventually.HANG);
            Eventually.holds(Eventually.HANG, () -> assertThat(demo.text()).contains("console      http://" + url + "/ui/"));
            Eventually.holds(Eventually.HANG, () -> assertThat(host(url)).as("the one that comes").isEqualTo("ACTIVE"));
            Eventually.holds(Eventually.HANG, () -> assertThat(host(url)).as("and goes").isEqualTo("AWAY"));
            Eventually.holds(Eventually.HANG, () -> assertThat(host(url)).as("and comes again").isEqualTo("ACTIVE"));
            for (Tour.Step step : Tour.read(Files.readString(Path.of("../README.md")), "## A demo").steps()) {
                if (!step.command().equals("./spillway demo")) {
                    List<String> words = new ArrayList<>(List.of(step.command().split(" ")));
                    words.removeFirst();
                    words.addAll(List.of("--url", url));
                    Eventually.holds(Eventually.HANG, () -> {
                        Spillway.Ran ran = Spillway.run(words.toArray(String[]::new));
                        assertThat(ran.exitCode()).as(step.command() + ": " + ran).isZero();
                    });
                }
            }
            Eventually.holds(Eventually.HANG, () -> assertThat(copies(url)).as("an image on more than one host").isGreaterThan(1));
            for (String namespace : List.of("rootfs", "layers", "functions")) {
                Eventually.holds(Eventually.HANG, () -> {
                    JsonNode figures = asked(url, "stats", namespace);
                    assertThat(figures.path("hits").asLong()).as(namespace).isPositive();
                    assertThat(figures.path("evictions").path("CAPACITY").asLong()).as(namespace).isPositive();
                    assertThat(asked(url, "advise", namespace).path("byEntries")).as(namespace).isNotEmpty();
                });
            }
            assertThat(demo.stop(Eventually.HANG)).as(demo.text()).isZero();
        }
    }

    /** Returns how many hosts had to delete their copy of one image, at most. */
    private static int copies(String url) throws IOException {
        int most = 0;
        for (JsonNode eviction : asked(url, "evictions", "--namespace", "rootfs").path("items")) {
            most = Math.max(most, eviction.path("orders").size());
        }
        return most;
    }

    private static String host(String url) throws IOException {
        for (JsonNode host : asked(url, "hosts").path("items")) {
            if (host.path("id").asText().equals("host-" + (HOSTS + 1))) {
                return host.path("state").asText();
            }
        }
        return "unknown";
    }
}
