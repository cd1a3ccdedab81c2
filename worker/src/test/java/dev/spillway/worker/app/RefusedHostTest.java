package dev.spillway.worker.app;

import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A host that its registry refuses, or that serves nothing for now, answers with an error where it finds nothing, and never with a miss. */
class RefusedHostTest {
    private static final String IMAGES = "/v1/directories/images";

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().namespace("images", 10, null);
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void storeOneDirectory() throws Exception {
        coordinator = new TestCoordinator(registry, 0);
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of()).joined();
        assertThat(worker.store("k", Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    private void refuse(JoinAnswer.Reason reason) throws Exception {
        registry.refuseJoin(new JoinAnswer.Refused(reason, "said the registry"));
        eventually(() -> worker.get("/v1/status").body().path("refusal").asText().startsWith(reason.name()));
    }

    private int head(String path) throws IOException, InterruptedException {
        return worker.client
                .send(HttpRequest.newBuilder(worker.uri(path)).method("HEAD", BodyPublishers.noBody()).build(), BodyHandlers.discarding())
                .statusCode();
    }

    private void answersNotFoundWith(String slug, String detail, List<String> paths) throws Exception {
        for (String path : paths) {
            Answer answer = worker.get(path);
            assertThat(answer.type()).as(path).isEqualTo("urn:spillway:problem:" + slug);
            assertThat(answer.status()).as(path).isEqualTo(503);
            assertThat(answer.detail()).as(path).contains(detail);
            assertThat(head(path)).as("HEAD " + path).isEqualTo(503);
        }
    }

    private static List<String> reads(String key) {
        return List.of(entry(key), entry(key) + "?hold=PT1M", entry(key) + "?fresh=true", entry(key) + "/archive");
    }

    @Test
    void aRefusedHostServesWhatItHoldsAndAnswersTheRestWithTheRefusal() throws Exception {
        refuse(JoinAnswer.Reason.NEW_STORE);
        answersNotFoundWith("registry-refused", "NEW_STORE: said the registry", reads("missing"));
        answersNotFoundWith(
                "registry-refused",
                "NEW_STORE: said the registry",
                List.of("/v1/directories/unknown/entries", "/v1/directories/unknown/stats", "/v1/directories/unknown/entries/k"));

        assertThat(worker.get(entry("k")).status()).isEqualTo(200);
        assertThat(worker.get(entry("k") + "?hold=PT1M").status()).isEqualTo(200);
        assertThat(head(entry("k") + "/archive")).isEqualTo(200);
        assertThat(worker.get(IMAGES + "/entries").body().path("items")).hasSize(1);
        assertThat(worker.get(IMAGES + "/stats").body().path("entryCount").asLong()).isOne();
    }

    @Test
    void aRetiredHostAnswersEverythingWithTheRefusalUntilItsStoreIsCompared() throws Exception {
        refuse(JoinAnswer.Reason.RETIRED);
        answersNotFoundWith("registry-refused", "RETIRED: said the registry", reads("k"));
        answersNotFoundWith("registry-refused", "RETIRED: said the registry", List.of(IMAGES + "/entries", IMAGES + "/stats"));

        coordinator.unavailable.add("reconcile");
        registry.refuseJoin(null);
        worker.joined();
        answersNotFoundWith("registry-not-reachable", "not compared", reads("k"));
        answersNotFoundWith("registry-not-reachable", "not compared", List.of(IMAGES + "/entries", IMAGES + "/stats"));
        assertThat(worker.get("/v1/directories/unknown/entries/k").type()).as("which the registry says").endsWith(":unknown-namespace");
        assertThat(worker.get(entry("missing") + "?fresh=true").type()).as("which the registry says").endsWith(":unknown-entry");

        coordinator.unavailable.clear();
        eventually(() -> worker.get(entry("k")).status() == 200);
        assertThat(worker.get(entry("missing")).type()).endsWith(":unknown-entry");
    }

    @Test
    void whatIsNoMissIsNotCountedAsOne() throws Exception {
        refuse(JoinAnswer.Reason.NEW_STORE);
        double before = misses();
        worker.get(entry("missing"));
        assertThat(misses()).isEqualTo(before);
    }

    private double misses() throws IOException, InterruptedException {
        String metrics = worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString()).body();
        String name = "spillway_misses_total ";
        return metrics.lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .sum();
    }
}
