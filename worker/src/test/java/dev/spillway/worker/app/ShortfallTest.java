package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.worker.app.RunningWorker.Answer;
import dev.spillway.worker.filesystem.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The answer of a put tells what it did not keep or delete, and a repeated put gets the same answer. */
class ShortfallTest {
    private static final String CAPABILITY = "0x0100000200040000000000000000000000000000";

    @TempDir
    private Path folder;

    private interface Story {
        void tell(RunningWorker worker) throws Exception;
    }

    private void withWorker(Path data, Story story) throws Exception {
        TestRegistry registry = new TestRegistry().namespace("images", 10, 1L << 20);
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0);
                RunningWorker worker = new RunningWorker(data, coordinator.address().toString(), Map.of("min-free-bytes", "0")).joined()) {
            story.tell(worker);
        }
    }

    private static Answer put(RunningWorker worker, Path source, String mode, String key) throws IOException, InterruptedException {
        return worker.put(
                entry(key),
                RunningWorker.JSON.writeValueAsString(Map.of("sourceDir", source.toString(), "mode", mode)),
                "Idempotency-Key",
                key);
    }

    private Path tree() throws IOException {
        Path tree = folder.resolve("source");
        Files.createDirectories(tree.resolve("deep"));
        Files.writeString(tree.resolve("deep/file"), "x");
        return tree;
    }

    @Test
    void aPutThatDidAllSaysNothingOfThat() throws Exception {
        Path source = tree();
        withWorker(folder.resolve("store"), worker -> {
            for (String mode : List.of("copy", "move")) {
                Answer answer = put(worker, source, mode, mode);
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.body().has("notKept")).isFalse();
                assertThat(answer.body().has("sourceLeft")).isFalse();
            }
            assertThat(source).doesNotExist();
        });
    }

    @Test
    void aMoveThatLeftItsSourceSaysWhatKeepsItThere() throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("chattr");
        Path source = tree();
        String file = source.resolve("deep/file").toString();
        try {
            Machine.run("chattr", "+i", file);
        } catch (IOException e) {
            assumeTrue(false, "skipped: no flags here: " + e.getMessage());
        }
        try {
            withWorker(folder.resolve("store"), worker -> {
                JsonNode first = put(worker, source, "move", "k").body();
                assertThat(first.path("sourceLeft").path("whole").asBoolean()).isTrue();
                assertThat(first.path("sourceLeft").path("path").asText()).isEqualTo("deep/file");
                assertThat(first.path("sourceLeft").path("why").asText()).startsWith("is immutable or append-only");
                assertThat(put(worker, source, "move", "k").body()).as("asked again").isEqualTo(first);
                assertThat(Path.of(first.path("path").asText(), "deep/file")).hasContent("x");
            });
            assertThat(Path.of(file)).hasContent("x");
        } finally {
            Machine.run("chattr", "-i", file);
        }
    }

    @Test
    void whatAnImageLacksIsCounted() throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("setfattr");
        Path source = tree();
        Machine.run("setfattr", "-n", "security.capability", "-v", CAPABILITY, source.resolve("deep/file").toString());
        Path mount = folder.resolve("without-attributes");
        Machine.onMount(
                mount,
                List.of("mount", "-t", "ramfs", "ramfs", mount.toString()),
                () -> withWorker(mount.resolve("store"), worker -> {
                    for (String mode : List.of("copy", "reflink", "move")) {
                        JsonNode first = put(worker, source, mode, mode).body();
                        assertThat(first.path("notKept")).isEqualTo(RunningWorker.JSON.readTree("{\"capabilities\": 1}"));
                        assertThat(first.has("sourceLeft")).isEqualTo(mode.equals("move"));
                        assertThat(put(worker, source, mode, mode).body()).as("asked again").isEqualTo(first);
                    }
                    assertThat(source.resolve("deep/file")).hasContent("x");
                }));
    }
}
