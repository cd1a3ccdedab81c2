package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that stages, publishes, moves and deletes without pause is killed with {@code kill -9}, again and again; after each death the
 * store opens and holds whole trees only.
 */
@Tag("full")
class StoreCrashTest {
    private static final int DEATHS = 6;
    private static final int STEPS_BETWEEN = 40;

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    @Test
    void killedAtAnyPointTheStoreHoldsWholeImagesAndNothingIsLost() throws Exception {
        Path source = temporary.resolve("source");
        Path offered = temporary.resolve("offered");
        RandomTree.make(source, new Random(31), 60, Machine.isRoot());
        Machine.run("cp", "-a", source.toString(), offered.toString());
        SortedMap<String, String> expected = TreePicture.of(source);
        Random random = new Random(32);
        for (int death = 0; death < DEATHS; death++) {
            Set<String> published = runAndKill(random.nextInt(STEPS_BETWEEN));
            try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
                for (String id : store.offered()) {
                    store.giveBack(id);
                }
                assertThat(TreePicture.differences(TreePicture.of(offered), expected)).as("the tree offered by move, after death %d", death)
                        .isEmpty();
                for (String id : store.ids(StoreArea.STAGING)) {
                    assertThat(store.discardStaged(id)).isInstanceOf(UnlinkOutcome.Unlinked.class);
                }
                for (String id : store.ids(StoreArea.TRASH)) {
                    assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Unlinked.class);
                }
                assertThat(store.ids(StoreArea.IMAGES)).as("published and not trashed, after death %d", death).containsAll(published);
                for (String id : store.ids(StoreArea.IMAGES)) {
                    assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), expected))
                            .as("image %s after death %d", id, death)
                            .isEmpty();
                    store.toTrash(List.of(id));
                    store.unlink(id, UnlinkPace.none());
                }
                assertThat(store.ids(StoreArea.STAGING)).isEmpty();
                assertThat(store.ids(StoreArea.TRASH)).isEmpty();
                assertThat(store.ids(StoreArea.IMAGES)).isEmpty();
            }
            try (var left = Files.list(temporary.resolve("store/offered"))) {
                assertThat(left).isEmpty();
            }
        }
    }

    /**
     * @return the ids of which the process said that they are published, and not yet that they go
     */
    private Set<String> runAndKill(int steps) throws IOException, InterruptedException {
        Process process = Machine.java(List.of("-Xmx128m"), StoreCrashTest.class, temporary.toString()).start();
        Set<String> published = new TreeSet<>();
        try (BufferedReader lines = process.inputReader()) {
            String line = lines.readLine();
            for (int step = 0; line != null; step++) {
                if (step == steps) {
                    // by its handle: the process itself would also close what it has still to say
                    assertThat(process.toHandle().destroyForcibly()).isTrue();
                }
                if (line.startsWith("published ")) {
                    published.add(line.substring("published ".length()));
                } else if (line.startsWith("going ")) {
                    published.remove(line.substring("going ".length()));
                }
                line = lines.readLine();
            }
        }
        assertThat(process.waitFor()).as("died of SIGKILL").isEqualTo(137);
        return published;
    }

    /** Puts the tree {@code source} in and out of the store, and takes the tree {@code offered} over and gives it back, for ever. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Path.of(arguments[0]);
        AllowedSources sources = new AllowedSources(List.of(directory));
        try (ImageStore store = ImageStore.open(directory.resolve("store"))) {
            while (true) {
                String copied = Machine.newId();
                String moved = Machine.newId();
                try (SourceDirectory source = sources.open(directory.resolve("source").toString())) {
                    store.stage(copied, source, StageMode.COPY, Long.MAX_VALUE);
                }
                say("staged", copied);
                store.publish(copied);
                say("published", copied);
                try (SourceDirectory source = sources.open(directory.resolve("offered").toString())) {
                    store.stage(moved, source, StageMode.MOVE, Long.MAX_VALUE);
                }
                say("moved", moved);
                store.publish(moved);
                say("moved and published", moved);
                store.giveBack(moved);
                say("going", copied);
                store.toTrash(List.of(copied));
                say("trashed", copied);
                store.unlink(copied, UnlinkPace.none());
                say("unlinked", copied);
            }
        }
    }

    private static void say(String what, String id) {
        System.out.println(what + " " + id);
        System.out.flush();
    }
}
