package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.OtherUser;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ImageStoreTest {
    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path root;
    private Path source;

    @BeforeEach
    void tree() throws IOException {
        temporary = temporary.toRealPath();
        root = temporary.resolve("store");
        source = temporary.resolve("source");
        RandomTree.make(source, new Random(17), 60, Machine.isRoot());
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private static StageOutcome stage(ImageStore store, String id, Path path, StageMode mode, long maxBytes)
            throws IOException, InterruptedException {
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(path.toString())) {
            return store.stage(id, directory, mode, maxBytes);
        }
    }

    private StageOutcome.Staged stage(ImageStore store, String id) throws IOException, InterruptedException {
        return (StageOutcome.Staged) stage(store, id, source, StageMode.COPY, Long.MAX_VALUE);
    }

    @Test
    void aDirectoryThatHoldsSomethingElseIsRefusedAndNothingIsMadeInIt() throws Exception {
        assertThatThrownBy(() -> ImageStore.open(source)).isInstanceOf(IOException.class)
                .hasMessageStartingWith("data: " + source + " holds something else, ")
                .hasMessageContaining("(expected: a directory that is new or empty, or a store)");
        Path other = Files.createDirectories(temporary.resolve("other"));
        Files.writeString(other.resolve("store.properties"), "shop=closed");
        assertThatThrownBy(() -> ImageStore.open(other)).hasMessageContaining("has layout: ''");
        assertThat(other).isDirectoryContaining("glob:**/store.properties").isDirectoryNotContaining("glob:**/lock");
        assertThat(source).isDirectoryNotContaining("glob:**/{lock,images,staging,trash,offered,store.properties}");
    }

    @Test
    void whatACrashLeftOfAStoreThatWasBeingMadeAndANewFileSystemAreNothingElse() throws Exception {
        Files.createDirectories(root.resolve("lost+found"));
        Files.writeString(root.resolve("lock"), "1");
        Files.writeString(root.resolve("store.properties.new"), "lay");
        ImageStore.open(root).close();
        assertThat(root.resolve("store.properties")).content().contains("layout=1");
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamedWithTheReason() throws Exception {
        Path file = Files.writeString(temporary.resolve("file"), "x");
        String expected = " (expected: a directory that can be made or written)";
        assertThatThrownBy(() -> ImageStore.open(file)).hasMessage("data: " + file + ": is not a directory" + expected);
        assertThatThrownBy(() -> ImageStore.open(file.resolve("below")))
                .hasMessageStartingWith("data: " + file.resolve("below") + ": ")
                .hasMessageEndingWith(expected);
        Path nowhere = Path.of("/proc/spillway");
        assertThatThrownBy(() -> ImageStore.open(nowhere)).hasMessageStartingWith("data: " + nowhere + ": cannot be made")
                .hasMessageEndingWith(expected);
        Path fixed = Files.createDirectories(temporary.resolve("fixed"));
        Machine.assumeCommand("chattr");
        Machine.assumeRoot();
        Machine.run("chattr", "+i", fixed.toString());
        try {
            assertThatThrownBy(() -> ImageStore.open(fixed)).hasMessageStartingWith("data: " + fixed + ": cannot be written: ")
                    .hasMessageContaining("operation not permitted")
                    .hasMessageEndingWith(expected);
        } finally {
            Machine.run("chattr", "-i", fixed.toString());
        }
    }

    @Test
    void anImageGoesThroughStagingPublishTrashAndUnlink() throws Exception {
        SortedMap<String, String> expected = TreePicture.of(source);
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            StageOutcome.Staged staged = stage(store, id);
            assertThat(store.ids(StoreArea.STAGING)).containsExactly(id);
            assertThat(store.imagePath(id)).doesNotExist();
            assertThat(store.publish(id)).isEqualTo(PublishOutcome.PUBLISHED);
            assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), expected)).isEmpty();
            assertThat(staged.sizeBytes()).isEqualTo(TreePicture.allocatedBytes(store.imagePath(id)));
            assertThat(store.sizeBytes(StoreArea.IMAGES, id)).contains(staged.sizeBytes());
            assertThat(store.toTrash(List.of(id))).containsExactly(Map.entry(id, new TrashOutcome.Moved()));
            assertThat(store.imagePath(id)).doesNotExist();
            assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOfSatisfying(
                    UnlinkOutcome.Unlinked.class,
                    unlinked -> assertThat(unlinked.bytesFreed()).isEqualTo(staged.sizeBytes()));
            for (StoreArea area : StoreArea.values()) {
                assertThat(store.ids(area)).isEmpty();
            }
        }
        assertThat(TreePicture.differences(TreePicture.of(source), expected)).as("the source").isEmpty();
    }

    @Test
    void everyStepMayBeRepeated() throws Exception {
        String id = Machine.newId();
        String unknown = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            stage(store, id);
            store.publish(id);
            assertThat(store.publish(id)).isEqualTo(PublishOutcome.ALREADY_PUBLISHED);
            assertThat(store.publish(unknown)).isEqualTo(PublishOutcome.ABSENT);
            store.toTrash(List.of(id));
            assertThat(store.toTrash(List.of(unknown, id)).values()).containsExactly(
                    new TrashOutcome.Absent(),
                    new TrashOutcome.AlreadyInTrash());
            store.unlink(id, UnlinkPace.none());
            assertThat(store.unlink(id, UnlinkPace.none())).isEqualTo(new UnlinkOutcome.Absent());
            assertThat(store.toTrash(List.of(id)).values()).containsExactly(new TrashOutcome.Absent());
            assertThat(store.discardStaged(unknown)).isEqualTo(new UnlinkOutcome.Absent());
        }
    }

    @Test
    void theStoreIdIsDrawnOnceAndKept() throws Exception {
        String id;
        try (ImageStore store = ImageStore.open(root)) {
            id = store.storeId();
        }
        try (ImageStore store = ImageStore.open(root); ImageStore other = ImageStore.open(temporary.resolve("other"))) {
            assertThat(store.storeId()).isEqualTo(id);
            assertThat(other.storeId()).isNotEqualTo(id);
        }
    }

    @Test
    void aStoreOfAnotherLayoutOrWithADamagedIdIsRefused() throws Exception {
        ImageStore.open(root).close();
        Path identity = root.resolve("store.properties");
        Files.writeString(identity, "layout=7\nstoreId=x\n");
        assertThatThrownBy(() -> ImageStore.open(root)).isInstanceOf(IOException.class)
                .hasMessageContaining("layout: '7' (expected: 1)")
                .hasMessageContaining(root.toString());
        Files.writeString(identity, "layout=1\nstoreId=x\n");
        assertThatThrownBy(() -> ImageStore.open(root)).hasMessageContaining("storeId: 'x' (expected: a lower-case UUID)");
    }

    @Test
    void aSecondOpenerIsToldWhoHasTheStore() throws Exception {
        ImageStore store = ImageStore.open(root);
        assertThatThrownBy(() -> ImageStore.open(root)).isInstanceOf(StoreInUseException.class)
                .hasMessageContaining(root.toString())
                .hasMessageContaining("process " + ProcessHandle.current().pid());
        assertThatThrownBy(() -> ImageStore.open(root)).as("the refused opener did not let go of the lock")
                .isInstanceOf(StoreInUseException.class);
        store.close();
        ImageStore.open(root).close();
    }

    @Test
    void onlyTheImagesCanBeReadByOthers() throws Exception {
        ImageStore.open(root).close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("images")))).isEqualTo("rwxr-xr-x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("staging")))).isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("trash")))).isEqualTo("rwx------");
    }

    @Test
    void aSymbolicLinkInPlaceOfAnAreaIsRefused() throws Exception {
        ImageStore.open(root).close();
        Files.delete(root.resolve("trash"));
        Files.createSymbolicLink(root.resolve("trash"), temporary);
        assertThatThrownBy(() -> ImageStore.open(root)).hasMessageContaining("trash is a symbolic link (expected: a directory)");
    }

    @Test
    void idsThatAreNoLowerCaseUuidsAreRefused() throws Exception {
        try (ImageStore store = ImageStore.open(root)) {
            for (String id : List.of(
                    "",
                    "..",
                    "../x",
                    "A0000000-0000-4000-8000-000000000000",
                    "a0000000-0000-4000-8000-00000000000",
                    "a0000000-0000-4000-8000-000000000000/..")) {
                assertThatThrownBy(() -> store.publish(id)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("id: '" + id + "' (expected: a lower-case UUID)");
            }
        }
    }

    @Test
    void strangersNamesInAnAreaAreLeftAlone() throws Exception {
        try (ImageStore store = ImageStore.open(root)) {
            Files.createDirectory(root.resolve("trash/lost+found"));
            assertThat(store.ids(StoreArea.TRASH)).isEmpty();
        }
    }

    @Test
    void anIdIsUsedForOneTreeOnly() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            stage(store, id);
            assertThatThrownBy(() -> stage(store, id)).hasMessageContaining("is used in staging already");
            store.publish(id);
            assertThatThrownBy(() -> stage(store, id)).hasMessageContaining("is used in images already");
            assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), TreePicture.of(source))).isEmpty();
        }
    }

    @Test
    void aRefusedTreeLeavesNothingInStaging() throws Exception {
        Files.setAttribute(source, "unix:mode", 0755);
        Machine.run("mkfifo", source.resolve("zzz").toString());
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(stage(store, id, source, StageMode.COPY, Long.MAX_VALUE))
                    .isEqualTo(
                            new StageOutcome.Refused(
                                    RefusalReason.SPECIAL_FILE,
                                    "zzz",
                                    "is a fifo (expected: directories, regular files and symbolic links)"));
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
        }
    }

    @Test
    void aTreeBeyondTheBoundLeavesNothingInStaging() throws Exception {
        try (ImageStore store = ImageStore.open(root)) {
            StageOutcome.Staged whole = stage(store, Machine.newId());
            String exact = Machine.newId();
            assertThat(stage(store, exact, source, StageMode.COPY, whole.sizeBytes())).isInstanceOf(StageOutcome.Staged.class);
            String over = Machine.newId();
            assertThat(stage(store, over, source, StageMode.COPY, whole.sizeBytes() - 1))
                    .isEqualTo(new StageOutcome.TooLarge(whole.sizeBytes() - 1));
            assertThat(store.ids(StoreArea.STAGING)).hasSize(2).doesNotContain(over);
        }
    }

    @Test
    void aFullDiskIsNamedAndLeavesNothingInStaging() throws Exception {
        Files.setAttribute(source, "unix:mode", 0755);
        byte[] noise = new byte[3 << 20];
        new Random(2).nextBytes(noise);
        Files.write(source.resolve("large"), noise);
        Machine.onTmpfs(root, "2m", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(root)) {
                assertThatThrownBy(() -> stage(store, id)).isInstanceOf(StoreFullException.class)
                        .hasMessageContaining(id)
                        .hasMessageContaining(root.toString())
                        .hasMessageContaining("no space left");
                assertThat(store.ids(StoreArea.STAGING)).isEmpty();
                assertThat(store.space().freeBytes()).isGreaterThan(1 << 20);
                Path small = Files.createDirectory(temporary.resolve("small"));
                Files.writeString(small.resolve("f"), "fits");
                assertThat(stage(store, Machine.newId(), small, StageMode.COPY, Long.MAX_VALUE)).as("the store goes on")
                        .isInstanceOf(StageOutcome.Staged.class);
            }
        });
    }

    @Tag("full")
    @Test
    void twelveTreesAreStagedAtOnceByVirtualThreads() throws Exception {
        SortedMap<String, String> expected = TreePicture.of(source);
        try (ImageStore store = ImageStore.open(root); ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<String>> puts = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                puts.add(() -> {
                    String id = Machine.newId();
                    stage(store, id);
                    store.publish(id);
                    return id;
                });
            }
            List<String> ids = new ArrayList<>();
            for (Future<String> put : threads.invokeAll(puts)) {
                ids.add(put.get());
            }
            assertThat(store.ids(StoreArea.IMAGES)).containsExactlyInAnyOrderElementsOf(ids).hasSize(12);
            for (String id : ids) {
                assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), expected)).isEmpty();
            }
        }
    }

    @Test
    void anInterruptedStageLeavesNothing() throws Exception {
        Path large = Files.createDirectory(temporary.resolve("large"));
        for (int i = 0; i < 1_500; i++) {
            Files.write(large.resolve("f" + i), new byte[20_000]);
        }
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (ImageStore store = ImageStore.open(root)) {
            String id = Machine.newId();
            CountDownLatch ended = new CountDownLatch(1);
            Thread stager = Thread.ofVirtual().start(() -> {
                try {
                    stage(store, id, large, StageMode.COPY, Long.MAX_VALUE);
                } catch (IOException | InterruptedException e) {
                    thrown.set(e);
                }
                ended.countDown();
            });
            while (!Files.exists(root.resolve("staging").resolve(id).resolve("f10"), LinkOption.NOFOLLOW_LINKS)) {
                Thread.onSpinWait();
            }
            stager.interrupt();
            ended.await();
            assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            assertThat(stage(store, id, large, StageMode.COPY, Long.MAX_VALUE)).as("the next on the same threads is not interrupted")
                    .isInstanceOf(StageOutcome.Staged.class);
        }
    }

    @Test
    void whatACrashLeftIsListedAndCanBeDiscardedById() throws Exception {
        String whole = Machine.newId();
        String torn = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            stage(store, whole);
            store.publish(whole);
        }
        Files.createDirectories(root.resolve("staging").resolve(torn).resolve("half/made"));
        Machine.run("cp", "-a", source.toString(), root.resolve("trash").resolve(Machine.newId()).toString());
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(store.ids(StoreArea.STAGING)).containsExactly(torn);
            store.discardStaged(torn);
            for (String id : store.ids(StoreArea.TRASH)) {
                assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Unlinked.class);
            }
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            assertThat(store.ids(StoreArea.TRASH)).isEmpty();
            assertThat(store.ids(StoreArea.IMAGES)).containsExactly(whole);
        }
    }

    @Test
    void oneImageThatCannotBeTakenDoesNotStopTheOthers() throws Exception {
        List<String> ids = List.of(Machine.newId(), Machine.newId(), Machine.newId());
        try (ImageStore store = ImageStore.open(root)) {
            for (String id : ids) {
                stage(store, id);
                store.publish(id);
            }
            Files.writeString(root.resolve("trash").resolve(ids.get(1)), "in the way");
            Map<String, TrashOutcome> outcomes = store.toTrash(ids);
            assertThat(outcomes.get(ids.get(0))).isEqualTo(new TrashOutcome.Moved());
            assertThat(outcomes.get(ids.get(1))).isInstanceOfSatisfying(
                    TrashOutcome.Failed.class,
                    failed -> assertThat(failed.cause()).hasMessageContaining("file exists"));
            assertThat(outcomes.get(ids.get(2))).isEqualTo(new TrashOutcome.Moved());
            assertThat(store.imagePath(ids.get(1))).isDirectory();
        }
    }

    @Test
    void theStoreIsNeverTakenIntoItself() throws Exception {
        root = source.resolve("store in the source");
        Files.setAttribute(source, "unix:mode", 0755);
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            for (StageMode mode : StageMode.values()) {
                assertThat(stage(store, id, source, mode, Long.MAX_VALUE)).isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(RefusalReason.STORE_INSIDE);
                    assertThat(refused.path()).isEqualTo("store in the source");
                });
            }
            for (Path inside : List.of(root, root.resolve("staging"), root.resolve("images"))) {
                assertThat(stage(store, id, inside, StageMode.COPY, Long.MAX_VALUE)).isInstanceOfSatisfying(
                        StageOutcome.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(RefusalReason.STORE_INSIDE));
            }
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
        }
    }

    @Test
    void anImageMayBeTheSourceOfACopyButNotOfAMove() throws Exception {
        String first = Machine.newId();
        String second = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            stage(store, first);
            store.publish(first);
            assertThat(stage(store, second, store.imagePath(first), StageMode.MOVE, Long.MAX_VALUE))
                    .isInstanceOf(StageOutcome.Refused.class);
            assertThat(stage(store, second, store.imagePath(first), StageMode.COPY, Long.MAX_VALUE))
                    .isInstanceOf(StageOutcome.Staged.class);
            store.publish(second);
            assertThat(TreePicture.differences(TreePicture.of(store.imagePath(second)), TreePicture.of(store.imagePath(first)))).isEmpty();
        }
    }

    @Test
    void aReadOnlyTreeGoesThroughTheStoreAlsoWithoutRoot() throws Exception {
        Machine.assumeRoot();
        Path home = Files.createDirectory(temporary.resolve("home"));
        Path tree = home.resolve("tree");
        Files.createDirectories(tree.resolve("inner"));
        Files.writeString(tree.resolve("inner/f"), "x");
        Files.setAttribute(tree.resolve("inner"), "unix:mode", 0555);
        Files.setAttribute(tree, "unix:mode", 0555);
        Machine.run("chmod", "a+x", temporary.toString());
        Machine.run("chown", "-R", "65534:65534", home.toString());
        OtherUser.run("store", home.toString());
        assertThat(tree).as("moved into the store").doesNotExist();
    }

    @Test
    void aFileSystemThatTakesNoFurtherFileIsFullToo() throws Exception {
        Path disk = temporary.resolve("disk");
        Machine.onTmpfs(disk, "16m,nr_inodes=64", () -> {
            try (ImageStore store = ImageStore.open(disk.resolve("store"))) {
                FileSystemSpace before = store.space();
                assertThat(before.inodes()).isEqualTo(64);
                assertThat(before.freeInodes()).isBetween(1L, 63L);
                assertThat(before.bytes()).isEqualTo(16 << 20);
                assertThatThrownBy(() -> {
                    for (int number = 0; number < 64; number++) {
                        Files.createFile(disk.resolve("file" + number));
                    }
                }).hasMessageContaining("No space left");
                assertThat(store.space()).isEqualTo(new FileSystemSpace(before.freeBytes(), before.bytes(), 0, 64));
                for (StageMode mode : List.of(StageMode.COPY, StageMode.MOVE)) {
                    assertThatThrownBy(() -> stage(store, Machine.newId(), source, mode, Long.MAX_VALUE))
                            .isInstanceOf(StoreFullException.class)
                            .hasMessageContaining(store.path().toString());
                }
                assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            }
        });
    }

    @Test
    void whatMayNotBeReadIsRefusedByItsPath() throws Exception {
        Machine.assumeRoot();
        Path home = Files.createDirectory(temporary.resolve("home"));
        Files.createDirectories(home.resolve("secret-directory/deep/secret"));
        Files.createDirectories(home.resolve("secret-file/deep"));
        Files.writeString(home.resolve("secret-file/deep/secret"), "x");
        Machine.run("chmod", "a+x", temporary.toString());
        Machine.run("chown", "-R", "65534:65534", home.toString());
        Files.setAttribute(home.resolve("secret-directory/deep/secret"), "unix:mode", 0);
        Files.setAttribute(home.resolve("secret-file/deep/secret"), "unix:mode", 0);
        OtherUser.run("refused", home.toString());
        assertThat(home.resolve("secret-directory/deep")).as("not taken by a move that was refused").exists();
    }

    @Test
    void aClosedStoreSaysSo() throws Exception {
        ImageStore store = ImageStore.open(root);
        store.close();
        store.close();
        assertThatThrownBy(() -> store.ids(StoreArea.IMAGES)).isInstanceOf(IllegalStateException.class).hasMessageContaining("is closed");
    }

    @Test
    void reflinksAreMadeWhereTheFileSystemCanAndSaidWhereItCannot() throws Exception {
        String id = Machine.newId();
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                StageOutcome outcome = stage(store, id, source, StageMode.REFLINK, Long.MAX_VALUE);
                assertThat(((StageOutcome.Staged) outcome).figures()).satisfies(figures -> {
                    assertThat(figures.way()).isEqualTo(StageFigures.Way.COPIED);
                    assertThat(figures.reflinkedFiles()).isZero();
                });
            }
        });
        Path mount = temporary.resolve("btrfs");
        Machine.onLoop(temporary.resolve("btrfs.img"), mount, 256, List.of("mkfs.btrfs", "-q"), () -> {
            Machine.run("cp", "-a", source.toString(), mount.resolve("source").toString());
            try (ImageStore store = ImageStore.open(mount.resolve("store"))) {
                StageOutcome outcome = stage(store, id, mount.resolve("source"), StageMode.REFLINK, Long.MAX_VALUE);
                assertThat(((StageOutcome.Staged) outcome).figures()).satisfies(figures -> {
                    assertThat(figures.way()).isEqualTo(StageFigures.Way.REFLINKED);
                    assertThat(figures.reflinkedFiles()).isPositive();
                });
                store.publish(id);
                assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), TreePicture.of(source))).isEmpty();
            }
        });
    }

    @Test
    void copiesAreExactOnXfsAndBtrfs() throws Exception {
        for (List<String> make : List.of(List.of("mkfs.xfs", "-q"), List.of("mkfs.btrfs", "-q"))) {
            Path mount = temporary.resolve(make.getFirst());
            Machine.onLoop(temporary.resolve(make.getFirst() + ".img"), mount, 400, make, () -> {
                try (ImageStore store = ImageStore.open(mount.resolve("store"))) {
                    String id = Machine.newId();
                    StageOutcome.Staged staged = stage(store, id);
                    store.publish(id);
                    assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), TreePicture.of(source))).isEmpty();
                    assertThat(staged.sizeBytes()).isEqualTo(TreePicture.allocatedBytes(store.imagePath(id)));
                }
            });
        }
    }
}
