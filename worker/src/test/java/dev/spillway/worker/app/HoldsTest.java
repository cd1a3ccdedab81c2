package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.events.Report;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A held image stays whole, whatever happens to its entry. */
class HoldsTest {
    @TempDir
    private Path folder;
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 1, null), 0);
        worker = open();
        Files.createDirectories(folder.resolve("source"));
        Files.writeString(folder.resolve("source/file"), "whole");
    }

    private RunningWorker open() throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of("holds-max", "5")).joined();
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    private Path held(String key, String length) throws Exception {
        assertThat(worker.store(key, folder.resolve("source")).status()).isEqualTo(200);
        Answer found = worker.get(entry(key) + "?hold=" + length);
        assertThat(found.body().path("source").asText()).isEqualTo("local");
        return Path.of(found.body().path("path").asText());
    }

    private JsonNode holds() throws Exception {
        return worker.get("/v1/holds").body().path("items");
    }

    private void evictByAnother() throws Exception {
        assertThat(worker.store("other", folder.resolve("source")).body().path("evicted")).hasSize(1);
        eventually(() -> coordinator.registry.reports().stream().anyMatch(report -> report.result() == Report.Result.DEFERRED));
    }

    @Test
    void holdsAreListedPageByPageTheFirstToEndFirst() throws Exception {
        held("k", "PT10M");
        for (int minutes = 9; minutes > 5; minutes--) {
            worker.get(entry("k") + "?hold=PT" + minutes + "M");
        }
        List<String> all = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        Optional<String> after = Optional.of("");
        while (after.isPresent()) {
            JsonNode page = worker.get("/v1/holds?limit=2" + after.get()).body();
            sizes.add(page.path("items").size());
            page.path("items").forEach(hold -> all.add(hold.path("id").asText()));
            after = Optional.of(page.path("next").asText())
                    .filter(next -> !next.isEmpty())
                    .map(next -> "&after=" + URLEncoder.encode(next, StandardCharsets.UTF_8));
        }
        assertThat(sizes).containsExactly(2, 2, 1);
        List<String> whole = new ArrayList<>();
        JsonNode unpaged = worker.get("/v1/holds").body();
        unpaged.path("items").forEach(hold -> whole.add(hold.path("id").asText()));
        assertThat(all).hasSize(5).doesNotHaveDuplicates().isEqualTo(whole);
        assertThat(unpaged.has("next")).isFalse();
    }

    @Test
    void oneHoldTooManyIsRefusedAndGrantedOnceAnotherIsReleased() throws Exception {
        held("k", "PT1H");
        for (int more = 0; more < 4; more++) {
            assertThat(worker.get(entry("k") + "?hold=PT1H").status()).isEqualTo(200);
        }
        Answer refused = worker.get(entry("k") + "?hold=PT1H");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.type()).endsWith(":too-many-holds");
        assertThat(refused.detail()).contains("holds: 5 already", "holds-max", "GET /v1/holds");
        assertThat(worker.get(entry("nothing") + "?hold=PT1H").status()).isEqualTo(404);
        assertThat(worker.get(entry("k")).status()).as("without a hold").isEqualTo(200);
        assertThat(
                worker.client.send(
                        HttpRequest.newBuilder(worker.uri(entry("k") + "/archive")).build(),
                        HttpResponse.BodyHandlers.discarding()).statusCode())
                .as("a copy is still sent")
                .isEqualTo(200);
        eventually(() -> holds().size() == 5);
        worker.delete("/v1/holds/" + holds().get(0).path("id").asText());
        assertThat(worker.get(entry("k") + "?hold=PT1H").status()).isEqualTo(200);
    }

    @Test
    void anEvictedTreeThatIsHeldIsInvisibleToNewReadersAndDeletedWhenItIsReleased() throws Exception {
        Path path = held("k", "PT10M");
        evictByAnother();
        assertThat(worker.get(entry("k")).status()).isEqualTo(404);
        assertThat(path.resolve("file")).hasContent("whole");
        assertThat(holds()).hasSize(1);
        assertThat(holds().get(0).path("key").asText()).isEqualTo("k");
        assertThat(holds().get(0).path("state").asText()).isEqualTo("DOOMED");
        assertThat(holds().get(0).path("path").asText()).isEqualTo(path.toString());

        assertThat(worker.delete("/v1/holds/" + holds().get(0).path("id").asText()).status()).isEqualTo(204);
        eventually(() -> !Files.exists(path) && coordinator.registry.openOrders() == 0);
        assertThat(holds()).isEmpty();
    }

    @Test
    void aHoldRunsOutByItself() throws Exception {
        Path path = held("k", "PT10M");
        evictByAnother();
        // Shortened only now, so that the order surely met it.
        worker.put("/v1/holds/" + holds().get(0).path("id").asText(), "{\"duration\":\"PT0.1S\"}");
        eventually(() -> !Files.exists(path) && coordinator.registry.openOrders() == 0);
        assertThat(coordinator.registry.reports()).extracting(Report::result).contains(Report.Result.DEFERRED, Report.Result.DELETED);
    }

    @Test
    void anExtendedHoldLastsLonger() throws Exception {
        Path path = held("k", "PT1M");
        String id = holds().get(0).path("id").asText();
        Answer extended = worker.put("/v1/holds/" + id, "{\"duration\":\"PT1H\"}");
        assertThat(Instant.parse(extended.body().path("until").asText())).isAfter(Instant.now().plusSeconds(3500));
        Instant until = Instant.now().plusSeconds(600);
        assertThat(worker.put("/v1/holds/" + id, "{\"until\":\"" + until + "\"}").body().path("until").asText())
                .isEqualTo(until.toString());
        evictByAnother();
        assertThat(path.resolve("file")).hasContent("whole");
    }

    @Test
    void holdsSurviveARestart() throws Exception {
        Path path = held("k", "PT10M");
        evictByAnother();
        worker.close();
        worker = open();
        assertThat(holds()).hasSize(1);
        assertThat(path.resolve("file")).hasContent("whole");
        worker.delete("/v1/holds/" + holds().get(0).path("id").asText());
        eventually(() -> !Files.exists(path) && coordinator.registry.openOrders() == 0);
    }

    @Test
    void aTreeThatIsBeingSentIsNotDeletedMeanwhile() throws Exception {
        Path large = Files.createDirectories(folder.resolve("large"));
        byte[] block = new byte[1 << 20];
        Arrays.fill(block, (byte) 7);
        for (int number = 0; number < 24; number++) {
            Files.write(large.resolve("file" + number), block);
        }
        assertThat(worker.store("k", large).status()).isEqualTo(200);
        var response = worker.client.send(
                HttpRequest.newBuilder(worker.uri(entry("k") + "/archive")).build(),
                HttpResponse.BodyHandlers.ofInputStream());
        long read = 0;
        try (var body = response.body()) {
            read += body.readNBytes(1000).length;
            assertThat(worker.store("other", folder.resolve("source")).status()).isEqualTo(200);
            eventually(() -> coordinator.registry.reports().stream().anyMatch(report -> report.result() == Report.Result.DEFERRED));
            read += body.transferTo(OutputStream.nullOutputStream());
        }
        assertThat(read).isGreaterThan(24L << 20);
        eventually(() -> worker.area("images").size() == 1 && coordinator.registry.openOrders() == 0);
    }
}
