package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A process is killed with {@code kill -9} while it deletes the source of a move. Nobody ever finds a half of it at its path. */
class MoveCrashTest {
    private static final int FILES = 5_000;
    private static final int TRIES = 20;

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    @Test
    void theSourceIsWholeOrGoneAndTheNextStartDeletesTheRest() throws Exception {
        temporary = temporary.toRealPath();
        Machine.onTmpfs(temporary.resolve("mount"), "256m", () -> {
            for (int attempt = 0; attempt < TRIES; attempt++) {
                Path home = Files.createDirectory(temporary.resolve("home"));
                Path source = Files.createDirectory(home.resolve("source"));
                for (int i = 0; i < FILES; i++) {
                    Files.createFile(source.resolve("file" + i));
                }
                killWhileDeleting(source);
                if (isCutOff(home)) {
                    assertThat(source).doesNotExist();
                    try (ImageStore store = ImageStore.open(temporary.resolve("mount/store"))) {
                        String id = store.offered().getFirst();
                        assertThat(store.settle(id)).isInstanceOfSatisfying(
                                SettleOutcome.SourceDeleted.class,
                                deleted -> assertThat(deleted.outcome()).isInstanceOf(UnlinkOutcome.Unlinked.class));
                        assertThat(home).isEmptyDirectory();
                        assertThat(store.imagePath(id)).isDirectoryContaining("glob:**file" + (FILES - 1));
                    }
                    return;
                }
                Machine.remove(home);
                Machine.remove(temporary.resolve("mount/store"));
            }
            throw new AssertionError("not one of %d kills came while the source was being deleted".formatted(TRIES));
        });
    }

    /** Returns whether the deletion of the source had begun and not ended. */
    private static boolean isCutOff(Path home) throws IOException {
        try (Stream<Path> below = Files.walk(home)) {
            return !Files.exists(home.resolve("source/file0")) && below.anyMatch(Files::isRegularFile);
        }
    }

    private void killWhileDeleting(Path source) throws IOException, InterruptedException {
        Process process = Machine.java(List.of("-Xmx128m"), MoveCrashTest.class, temporary.toString()).start();
        try (var lines = process.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("settling");
            Path first = source.resolve("file0");
            while (process.isAlive() && Files.exists(first)) {
                Thread.onSpinWait();
            }
            process.toHandle().destroyForcibly();
        }
        process.waitFor();
    }

    /** Moves the tree {@code home/source} into a store on another file system, and deletes it there. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Path.of(arguments[0]);
        try (ImageStore store = ImageStore.open(directory.resolve("mount/store"))) {
            String id = Machine.newId();
            try (SourceDirectory source = new AllowedSources(List.of(directory)).open(directory.resolve("home/source").toString())) {
                store.stage(id, source, StageMode.MOVE, Long.MAX_VALUE);
            }
            store.publish(id);
            System.out.println("settling");
            System.out.flush();
            store.settle(id);
        }
    }
}
