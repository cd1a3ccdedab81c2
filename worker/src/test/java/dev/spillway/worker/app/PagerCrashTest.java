package dev.spillway.worker.app;

import dev.spillway.events.EntryName;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker is killed again and again while it captures and restores. */
@Tag("full")
@Timeout(1200)
class PagerCrashTest {
    private static final int ROUNDS = Integer.getInteger("spillway.kills", 6);

    @TempDir
    private Path folder;

    @Test
    void afterAnyKillOnlyWholeSnapshotsAndNoLeftoversAreThere() throws Exception {
        Files.createDirectory(folder.resolve("shm"));
        TestRegistry registry = new TestRegistry().namespace("kv", 4, null);
        Random random = new Random();
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            for (int round = 0; round < ROUNDS; round++) {
                killedAfter(coordinator.address().toString(), 1 + random.nextInt(8), random.nextInt(20_000_000));
            }
            try (RunningWorker worker =
                    new RunningWorker(folder.resolve("store"), coordinator.address().toString(), CapturingWorker.settings(folder))
                            .joined()) {
                assertThat(folder.resolve("shm")).isEmptyDirectory();
                eventually(
                        () -> registry.openOrders() == 0 && worker.area("staging").isEmpty() && worker.area("trash").isEmpty()
                                && worker.area("images").size() == registry.entries().size());
                assertThat(registry.entries()).isNotEmpty();
                for (EntryName name : registry.entries().keySet()) {
                    assertThat(
                            Pages
                                    .post(
                                            worker,
                                            "/v1/pagers/snapshots/kv/" + name.key() + "/verify",
                                            (com.fasterxml.jackson.databind.JsonNode) null)
                                    .body()
                                    .path("pages")
                                    .asInt())
                            .as("%s", name)
                            .isEqualTo(300);
                    assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("whole", 300)).status()).isEqualTo(201);
                    assertThat(Pages.restore(worker, "whole", name.key().value()).status()).isEqualTo(200);
                    assertThat(worker.delete("/v1/pagers/whole").status()).isEqualTo(204);
                }
                for (EntryName name : registry.entries().keySet().toArray(EntryName[]::new)) {
                    registry.invalidate(name);
                }
                eventually(() -> worker.area("images").isEmpty() && worker.area("trash").isEmpty());
            }
        }
    }

    /** Runs a worker until it has told of so many captures and restores, and kills it a moment later. */
    private void killedAfter(String coordinator, int enough, int nanos) throws Exception {
        Process child = WorkerProcess.command(CapturingWorker.class, folder.toString(), coordinator).start();
        int told = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                told += line.equals("captured") || line.equals("restored") ? 1 : 0;
                if (told == enough) {
                    LockSupport.parkNanos(nanos);
                    assertThat(child.toHandle().destroyForcibly()).isTrue();
                }
            }
        } finally {
            child.toHandle().destroyForcibly();
        }
        assertThat(child.waitFor()).isEqualTo(137);
        assertThat(told).isGreaterThanOrEqualTo(enough);
    }
}
