package dev.spillway.worker.app;

import dev.spillway.events.EntryName;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker is killed again and again while it puts, moves, evicts and deletes. */
@Tag("full")
class CrashTest {
    private static final int ROUNDS = 3;

    @TempDir
    private Path folder;

    @Test
    void afterAnyKillOnlyWholeEntriesAndNoLeftoversAreThere() throws Exception {
        TestRegistry registry = new TestRegistry().namespace("images", 6, null).namespace("moved", 100_000, null);
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            int told = 0;
            for (int round = 0; round < ROUNDS; round++) {
                told += killedAfter(coordinator.address().toString(), 8 + 13 * round);
            }
            assertThat(told).isPositive();
            try (RunningWorker worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of()).joined()) {
                converge(registry, worker);
                wholeEntries(registry, worker);
                movedTreesAreSomebodysOnce(registry);
            }
        }
    }

    /** Runs a worker that puts until it has told of so many puts, then kills it. */
    private int killedAfter(String coordinator, int enough) throws Exception {
        Process child = WorkerProcess.command(PuttingWorker.class, folder.toString(), coordinator).start();
        int told = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            while (lines.readLine() != null) {
                if (++told == enough) {
                    assertThat(child.toHandle().destroyForcibly()).isTrue();
                }
            }
        } finally {
            child.toHandle().destroyForcibly();
        }
        assertThat(child.waitFor()).isEqualTo(137);
        assertThat(told).isGreaterThanOrEqualTo(enough);
        return told;
    }

    private static void converge(TestRegistry registry, RunningWorker worker) throws Exception {
        eventually(
                () -> registry.openOrders() == 0 && worker.area("staging").isEmpty() && worker.area("trash").isEmpty()
                        && worker.area("offered").isEmpty() && worker.area("images").size() == registry.entries().size());
    }

    private static void wholeEntries(TestRegistry registry, RunningWorker worker) throws Exception {
        Set<String> images = new TreeSet<>();
        for (Map.Entry<EntryName, TestRegistry.Entry> known : registry.entries().entrySet()) {
            EntryName name = known.getKey();
            Answer found = worker.get("/v1/directories/" + name.namespace() + "/entries/" + name.key());
            assertThat(found.status()).as("%s is served", name).isEqualTo(200);
            assertThat(found.body().path("generation").asLong()).isEqualTo(known.getValue().generation());
            Path path = Path.of(found.body().path("path").asText());
            PuttingWorker.assertWhole(path);
            images.add(path.getFileName().toString());
        }
        assertThat(worker.area("images")).containsExactlyElementsOf(images);
    }

    /** Asserts that each tree offered by move is either an image of the fleet, or back at its owner. */
    private void movedTreesAreSomebodysOnce(TestRegistry registry) throws IOException {
        Set<String> owners = new TreeSet<>(RunningWorker.names(folder.resolve("sources")));
        Set<String> fleets = new TreeSet<>();
        registry.entries()
                .keySet()
                .stream()
                .filter(name -> name.namespace().value().equals("moved"))
                .forEach(name -> fleets.add(name.key().value()));
        assertThat(fleets).isNotEmpty();
        assertThat(fleets.stream().filter(owners::contains)).isEmpty();
        for (String owner : owners) {
            PuttingWorker.assertWhole(folder.resolve("sources").resolve(owner));
        }
        Set<String> all = new TreeSet<>(owners);
        all.addAll(fleets);
        assertThat(all).containsExactlyElementsOf(
                new TreeSet<>(
                        Files.readAllLines(folder.resolve("made"))
                                .stream()
                                .filter(key -> !Files.exists(folder.resolve("made-" + key)))
                                .toList()));
    }
}
