package dev.spillway.worker.app;

import dev.spillway.testservers.RecoveryTimes;
import dev.spillway.worker.app.RunningWorker.Answer;
import dev.spillway.worker.filesystem.Machine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** The file system of images and index becomes full, and then has room again. */
class FullDiskTest {
    private static final int FILLED_AT_ONCE = 1 << 16;

    @TempDir
    private Path folder;
    private Path disk;

    /** Fills the file system until nothing more goes in. */
    private interface Filling {
        void fill(Path directory) throws IOException;
    }

    @BeforeEach
    void name() {
        disk = folder.resolve("disk");
    }

    @Test
    void aDiskWithoutSpaceUnderTheIndex() throws Exception {
        Machine.onTmpfs(disk, "64m", () -> withFull("space", directory -> {
            try (OutputStream file =
                    Files.newOutputStream(directory.resolve("filler"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (int bytes = FILLED_AT_ONCE; bytes > 0; bytes /= 2) {
                    fill(file, new byte[bytes]);
                }
            }
        }));
    }

    private static void fill(OutputStream file, byte[] bytes) {
        try {
            while (true) {
                file.write(bytes);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    @Test
    void aDiskWithoutInodesUnderTheIndex() throws Exception {
        Machine.onTmpfs(disk, "64m,nr_inodes=300", () -> withFull("inodes", FullDiskTest::takeAllInodes));
    }

    @Test
    void aHostStartsWithoutFreeInodesAndFreesSomeByItself() throws Exception {
        Machine.onTmpfs(disk, "64m,nr_inodes=600", () -> {
            Path tree = PuttingWorker.tree(folder.resolve("tree"));
            TestRegistry registry = new TestRegistry().namespace("images", 10, 1L << 20);
            Path fillers = Files.createDirectory(disk.resolve("fillers"));
            Path reserve = disk.resolve("store/reserve");
            Map<String, String> settings = Map.of("min-free-bytes", "0");
            try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
                try (RunningWorker worker = new RunningWorker(disk.resolve("store"), coordinator.address().toString(), settings).joined()) {
                    assertThat(worker.store("kept", tree).status()).isEqualTo(200);
                    assertThat(worker.store("deleted", tree).status()).isEqualTo(200);
                }
                assertThat(RunningWorker.names(reserve)).hasSize(64);
                // Also without the reserve, what is in the trash makes room.
                for (boolean reserved : List.of(true, false)) {
                    if (!reserved) {
                        Path trash = Files.createDirectories(disk.resolve("store/trash").resolve(UUID.randomUUID().toString()));
                        for (int number = 0; number < 80; number++) {
                            Files.createFile(trash.resolve("file-" + number));
                        }
                        Machine.remove(reserve);
                    }
                    takeAllInodes(fillers);
                    try (RunningWorker worker =
                            new RunningWorker(disk.resolve("store"), coordinator.address().toString(), settings).joined()) {
                        assertWhole(worker, "kept");
                        worker.delete(entry("deleted"));
                        eventually(() -> worker.area("images").size() == 1 && worker.area("trash").isEmpty());
                        Machine.remove(fillers);
                        Files.createDirectory(fillers);
                        assertThat(worker.store("deleted", tree).status()).isEqualTo(200);
                        worker.delete(entry("deleted"));
                        eventually(() -> Files.exists(reserve) && RunningWorker.names(reserve).size() == 64);
                    }
                }
            }
        });
    }

    private static void takeAllInodes(Path directory) {
        try {
            for (int number = 0;; number++) {
                Files.createFile(directory.resolve("filler-" + number));
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private void withFull(String what, Filling filling) throws Exception {
        Path tree = PuttingWorker.tree(folder.resolve("tree"));
        TestRegistry registry = new TestRegistry().namespace("images", 10, 1L << 20);
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            Map<String, String> settings = Map.of("min-free-bytes", "0");
            Path fillers = Files.createDirectory(disk.resolve("fillers"));
            try (RunningWorker worker = new RunningWorker(disk.resolve("store"), coordinator.address().toString(), settings).joined()) {
                assertThat(worker.store("kept", tree).status()).isEqualTo(200);
                assertThat(worker.store("deleted", tree).status()).isEqualTo(200);
                filling.fill(fillers);

                Answer refused = worker.store("refused", tree);
                assertThat(refused.status()).as(refused.toString()).isIn(503, 507);
                assertWhole(worker, "kept");
                worker.delete(entry("deleted"));
                assertWhole(worker, "kept");
                Machine.remove(fillers);
                RecoveryTimes.timed(
                        "a worker's disk has no " + what + " left, and then has | a put is stored",
                        () -> eventually(() -> worker.store("after", tree).status() == 200));
                assertWhole(worker, "after");
                eventually(() -> worker.delete(entry("deleted")).status() == 404 && worker.area("images").size() == 2);
            }
            try (RunningWorker worker = new RunningWorker(disk.resolve("store"), coordinator.address().toString(), settings).joined()) {
                assertWhole(worker, "kept");
                assertWhole(worker, "after");
                assertThat(worker.get(entry("refused")).status()).isEqualTo(404);
                assertThat(worker.area("images")).hasSize(2);
            }
        }
    }

    private static void assertWhole(RunningWorker worker, String key) throws Exception {
        Answer found = worker.get(entry(key));
        assertThat(found.status()).as(key + ": " + found).isEqualTo(200);
        PuttingWorker.assertWhole(Path.of(found.body().path("path").asText()));
    }
}
