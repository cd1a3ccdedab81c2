package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.archive.ArchiveLimits;
import dev.spillway.worker.filesystem.archive.ArchiveTrust;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Stores on an overlay, and layers of overlays in stores. */
class OverlayTest {
    private static final ArchiveLimits LIMITS = new ArchiveLimits(1_000, 1 << 20, 1 << 20, 4_000);

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;

    @BeforeEach
    void root() throws IOException {
        Machine.assumeRoot();
        temporary = temporary.toRealPath();
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    /** A store in a layer of a container's image is such a store. The overlay renames none of its directories. */
    @Test
    void anImageOfALowerLayerIsDeletedInItsPlaceAndIsNoImageMeanwhile() throws Exception {
        onOverlay(store -> {
            String id = stored(store, source());
            String other = stored(store, source());
            return List.of(id, other);
        }, (path, ids) -> {
            String id = ids.getFirst();
            try (ImageStore store = ImageStore.open(path)) {
                assertThat(store.toTrash(List.of(id))).containsExactly(Map.entry(id, new TrashOutcome.Moved()));
                assertThat(store.toTrash(List.of(id))).as("again").containsExactly(Map.entry(id, new TrashOutcome.Moved()));
                assertThat(store.ids(StoreArea.IMAGES)).containsExactly(ids.getLast());
            }
            // A crash in the middle of the deletion.
            Files.delete(path.resolve("images").resolve(id).resolve("file"));
            try (ImageStore store = ImageStore.open(path)) {
                assertThat(store.ids(StoreArea.IMAGES)).containsExactly(ids.getLast());
                assertThat(store.ids(StoreArea.TRASH)).containsExactly(id);
                assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Unlinked.class);
                assertThat(store.has(id)).isFalse();
                assertThat(store.imagePath(id)).doesNotExist();
                assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Absent.class);
                assertThat(store.imagePath(ids.getLast()).resolve("file")).hasContent("content");
            }
        });
    }

    @Test
    void aCrashBetweenTheImageAndItsMarkLeavesTheMarkToTheNextDeletion() throws Exception {
        onOverlay(store -> List.of(stored(store, source())), (path, ids) -> {
            String id = ids.getFirst();
            try (ImageStore store = ImageStore.open(path)) {
                store.toTrash(ids);
                Machine.run("rm", "-r", store.imagePath(id).toString());
            }
            try (ImageStore store = ImageStore.open(path)) {
                assertThat(store.toTrash(ids)).containsExactly(Map.entry(id, new TrashOutcome.AlreadyInTrash()));
                assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Absent.class);
                assertThat(store.has(id)).isFalse();
            }
        });
    }

    @Test
    void whiteoutsAndOpaqueMarksOfALayerAreKeptByCopiesAndArchives() throws Exception {
        Path layer = source();
        Machine.run("mknod", "-m", "0", layer.resolve("gone").toString(), "c", "0", "0");
        Machine.run("ln", layer.resolve("gone").toString(), layer.resolve("gone, too").toString());
        Path opaque = Files.createDirectories(layer.resolve("opaque"));
        Machine.assumeCommand("setfattr");
        Machine.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", opaque.toString());
        try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
            String id = stored(store, layer);
            assertIsLayer(store.imagePath(id), layer, " %h");
            ByteArrayOutputStream archive = new ByteArrayOutputStream();
            store.writeArchive(id, archive);
            Path file = Files.write(temporary.resolve("layer.tar"), archive.toByteArray());
            assertThat(Machine.run("tar", "-tvf", file.toString())).containsPattern("c-{9} .* 0,0 .* gone\n");
            assertIsLayer(store.imagePath(unpacked(store, archive.toByteArray())), layer, " %h");
            // An archive by GNU tar, which writes each name of a device as a device of its own.
            Machine.run("tar", "-C", layer.toString(), "--xattrs", "--xattrs-include=*", "-cf", file.toString(), ".");
            assertIsLayer(store.imagePath(unpacked(store, Files.readAllBytes(file))), layer, "");
        }
    }

    @Test
    void otherDevicesAreRefusedInWords() throws Exception {
        Path tree = source();
        Machine.run("mknod", tree.resolve("null").toString(), "c", "1", "3");
        try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
            assertThat(staged(store, Machine.newId(), tree)).isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                assertThat(refused.reason()).isEqualTo(RefusalReason.SPECIAL_FILE);
                assertThat(refused.detail()).startsWith("is a character device ");
            });
            Path file = temporary.resolve("layer.tar");
            Machine.run("tar", "-C", tree.toString(), "-cf", file.toString(), ".");
            assertThat(
                    store.stageArchive(
                            Machine.newId(),
                            new ByteArrayInputStream(Files.readAllBytes(file)),
                            LIMITS,
                            ArchiveTrust.EVERYTHING,
                            false))
                    .isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                        assertThat(refused.reason()).isEqualTo(RefusalReason.SPECIAL_FILE);
                        assertThat(refused.detail()).startsWith("is the character device 1/3 ");
                    });
        }
    }

    private static void assertIsLayer(Path image, Path layer, String alsoShown) throws IOException, InterruptedException {
        String shown = "%F %t:%T %a %u:%g %Y" + alsoShown;
        for (String name : List.of("gone", "gone, too", "opaque", "file")) {
            assertThat(Machine.run("stat", "-c", shown, image.resolve(name).toString())).as(name)
                    .isEqualTo(Machine.run("stat", "-c", shown, layer.resolve(name).toString()));
        }
        assertThat(Machine.run("getfattr", "-n", "trusted.overlay.opaque", "--only-values", image.resolve("opaque").toString()))
                .endsWith("y");
    }

    private Path source() throws IOException {
        Path tree = Files.createDirectories(temporary.resolve("source-" + Machine.newId()));
        Files.writeString(tree.resolve("file"), "content");
        Files.createDirectories(tree.resolve("a/b"));
        return tree;
    }

    private static StageOutcome staged(ImageStore store, String id, Path tree) throws IOException, InterruptedException {
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(tree.toString())) {
            return store.stage(id, directory, StageMode.COPY, Long.MAX_VALUE);
        }
    }

    private static String stored(ImageStore store, Path tree) throws IOException, InterruptedException {
        String id = Machine.newId();
        assertThat(staged(store, id, tree)).isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        return id;
    }

    private static String unpacked(ImageStore store, byte[] archive) throws IOException, InterruptedException {
        String id = Machine.newId();
        assertThat(store.stageArchive(id, new ByteArrayInputStream(archive), LIMITS, ArchiveTrust.EVERYTHING, true))
                .isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        return id;
    }

    @FunctionalInterface
    private interface Filling {
        List<String> fill(ImageStore store) throws Exception;
    }

    @FunctionalInterface
    private interface Use {
        void of(Path store, List<String> ids) throws Exception;
    }

    /** Fills a store, and uses it as the lower layer of an overlay. */
    private void onOverlay(Filling filling, Use use) throws Exception {
        Path disk = temporary.resolve("disk");
        Machine.onTmpfs(disk, "64m", () -> {
            Path lower = disk.resolve("lower");
            List<String> ids;
            try (ImageStore store = ImageStore.open(lower)) {
                ids = filling.fill(store);
            }
            Path upper = Files.createDirectories(disk.resolve("upper"));
            Path work = Files.createDirectories(disk.resolve("work"));
            Path merged = temporary.resolve("merged");
            String layers = "redirect_dir=off,lowerdir=%s,upperdir=%s,workdir=%s".formatted(lower, upper, work);
            Machine.onMount(
                    merged,
                    List.of("mount", "-t", "overlay", "-o", layers, "overlay", merged.toString()),
                    () -> use.of(merged, ids));
        });
    }
}
