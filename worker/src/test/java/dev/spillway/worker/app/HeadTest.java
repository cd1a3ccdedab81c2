package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** HEAD is answered as GET is; the worker, its disk and its registry are the same before and after. */
@Timeout(120)
class HeadTest {
    @TempDir
    private Path folder;
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 10, null), 0);
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of("holds-max", "1")).joined();
        for (String key : List.of("a", "b", "used")) {
            assertThat(worker.store(key, Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
        }
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    @Test
    void changesNothingOnAnyRouteThatTakesGetAndAnswersAsGetDoes() throws Exception {
        List<String> paths = new ArrayList<>();
        for (String path : described()) {
            paths.add(RunningWorker.filled(path));
        }
        assertThat(paths).hasSizeGreaterThan(8).noneMatch(path -> path.contains("{"));
        Pages.filled(worker, "engine", 2, 1);
        paths.add("/v1/pagers/engine/pages?pages=0-1");
        paths.addAll(
                List.of(
                        entry("a") + "?hold=PT10M",
                        entry("a") + "?fresh=true",
                        entry("nothing"),
                        entry("nothing") + "?hold=PT1M",
                        entry("nothing") + "/archive",
                        entry("nothing") + "?fresh=true",
                        entry("a").replace("images", "unknown")));
        for (String path : paths) {
            ObjectNode before = state();
            HttpResponse<Void> head = head(path);
            settle();
            assertThat(state()).as("HEAD " + path).isEqualTo(before);
            HttpResponse<byte[]> get = worker.client.send(HttpRequest.newBuilder(worker.uri(path)).build(), BodyHandlers.ofByteArray());
            assertThat(head.statusCode()).as("HEAD " + path).isEqualTo(get.statusCode());
            if (!path.contains("hold=") && !path.equals("/metrics")) {
                assertThat(headers(head)).as("HEAD " + path).isEqualTo(headers(get));
            }
            settle();
        }
    }

    @Test
    void saysThatThereAreAsManyHoldsAsThereMayBe() throws Exception {
        assertThat(worker.get(entry("a") + "?hold=PT10M").status()).isEqualTo(200);
        int refused = worker.get(entry("b") + "?hold=PT10M").status();
        assertThat(refused).isGreaterThanOrEqualTo(400);
        assertThat(head(entry("b") + "?hold=PT10M").statusCode()).isEqualTo(refused);
        assertThat(head(entry("b")).statusCode()).isEqualTo(200);
    }

    private HttpResponse<Void> head(String path) throws Exception {
        return worker.client.send(
                HttpRequest.newBuilder(worker.uri(path)).method("HEAD", BodyPublishers.noBody()).build(),
                BodyHandlers.discarding());
    }

    /** Waits until all earlier reads are reported. Reads are reported in their order, so it waits for the report of one more read. */
    private void settle() throws Exception {
        int told = toldOf("used");
        assertThat(worker.get(entry("used")).status()).isEqualTo(200);
        eventually(() -> toldOf("used") > told);
    }

    private int toldOf(String key) {
        return Math.toIntExact(coordinator.registry.touched().stream().filter(TestRegistry.name("images", key)::equals).count());
    }

    /** Everything but what the entry {@code used} changes, which the test reads itself. */
    private ObjectNode state() throws Exception {
        ObjectNode state = RunningWorker.JSON.createObjectNode();
        state.set("holds", worker.get("/v1/holds").body());
        state.set("stats", worker.get("/v1/directories/images/stats").body());
        List<JsonNode> entries = new ArrayList<>();
        worker.get("/v1/directories/images/entries").body().path("items").forEach(entries::add);
        entries.removeIf(entry -> entry.path("key").asText().equals("used"));
        state.set("entries", RunningWorker.JSON.valueToTree(entries));
        String metrics = worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString()).body();
        state.put("hits", counted(metrics, "spillway_hits_total ") - toldOf("used"));
        state.put("misses", counted(metrics, "spillway_misses_total "));
        state.set(
                "touched",
                RunningWorker.JSON.valueToTree(
                        coordinator.registry.touched()
                                .stream()
                                .map(name -> name.key().value())
                                .filter(key -> !key.equals("used"))
                                .toList()));
        return state;
    }

    private static double counted(String metrics, String name) {
        String line = metrics.lines().filter(text -> text.startsWith(name)).findFirst().orElseThrow();
        return Double.parseDouble(line.substring(name.length()));
    }

    private List<String> described() throws Exception {
        String text = worker.client.send(HttpRequest.newBuilder(worker.uri("/openapi.yaml")).build(), BodyHandlers.ofString()).body();
        List<String> paths = new ArrayList<>();
        String path = "";
        for (String line : text.substring(text.indexOf("\npaths:"), text.indexOf("\ncomponents:")).lines().toList()) {
            if (line.startsWith("  /")) {
                path = line.strip().replaceFirst(":$", "");
            } else if (line.equals("    get:")) {
                paths.add(path);
            }
        }
        return paths;
    }

    private static Map<String, List<String>> headers(HttpResponse<?> response) {
        Map<String, List<String>> headers = new TreeMap<>(response.headers().map());
        headers.keySet().removeAll(List.of("date", "transfer-encoding", "x-request-id"));
        return headers;
    }
}
