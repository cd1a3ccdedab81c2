package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.OtherUser;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** A move deletes its source whole, or leaves it whole and says why. */
class MoveKeepsSourceTest {
    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path source;
    private SortedMap<String, String> before;

    @BeforeEach
    void tree() throws Exception {
        temporary = temporary.toRealPath();
        source = temporary.resolve("source");
        RandomTree.make(source, new Random(11), 60, Machine.isRoot());
        Files.createDirectories(source.resolve("deep/er/mount"));
        Files.writeString(source.resolve("deep/er/file"), "x");
        before = TreePicture.of(source);
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private StageOutcome stage(ImageStore store, String id) throws IOException, InterruptedException {
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(source.toString())) {
            return store.stage(id, directory, StageMode.MOVE, Long.MAX_VALUE);
        }
    }

    private Path moved(ImageStore store, String id) throws IOException, InterruptedException {
        assertThat(stage(store, id)).isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        store.settle(id);
        return store.imagePath(id);
    }

    private void assertSourceWhole() throws IOException {
        assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
    }

    /** Runs the action with a flag on an entry of the source, or skips where there are no flags. */
    private void flagged(String flag, String name, Machine.Action action) throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("chattr");
        String path = source.resolve(name).toString();
        try {
            Machine.run("chattr", "+" + flag, path);
        } catch (IOException e) {
            assumeTrue(false, "skipped: no flags here: " + e.getMessage());
        }
        try {
            action.run();
        } finally {
            Machine.run("chattr", "-" + flag, path);
        }
    }

    @Test
    void ofWhichSomethingIsImmutableOrAppendOnly() throws Exception {
        for (String flag : List.of("i", "a")) {
            for (String name : List.of("deep/er/file", "deep")) {
                flagged(flag, name, () -> Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
                    String id = Machine.newId();
                    try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                        Path image = moved(store, id);
                        assertSourceWhole();
                        assertThat(TreePicture.differences(TreePicture.of(image), before)).isEmpty();
                        assertThat(store.sourceLeft(id)).contains(
                                SourceLeft.whole(name, "is immutable or append-only (expected: no such flag; chattr -i -a)"));
                    }
                }));
            }
        }
    }

    @Test
    void inWhichSomethingIsImmutableIsNotTakenByRenameEither() throws Exception {
        flagged("i", "deep/er/file", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
                moved(store, id);
                assertSourceWhole();
                store.toTrash(List.of(id));
                assertThat(store.unlink(id, UnlinkPace.none())).isInstanceOf(UnlinkOutcome.Unlinked.class);
            }
        });
    }

    @Test
    void inWhichSomethingIsMounted() throws Exception {
        Path mount = source.resolve("deep/er/mount");
        Machine.onTmpfs(mount, "1m", () -> {
            Files.writeString(mount.resolve("mounted"), "x");
            before = TreePicture.of(source);
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
                Path image = moved(store, id);
                assertSourceWhole();
                assertThat(image.resolve("deep/er/mount/mounted")).hasContent("x");
                assertThat(store.sourceLeft(id).orElseThrow().path()).isEqualTo("deep/er/mount");
            }
        });
    }

    @Test
    void ofWhichSomethingWasLost() throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("setfattr");
        Machine.run(
                "setfattr",
                "-n",
                "security.capability",
                "-v",
                "0x0100000200040000000000000000000000000000",
                source.resolve("deep/er/file").toString());
        clearUserAttributes();
        Path mount = temporary.resolve("ramfs");
        Machine.onMount(mount, List.of("mount", "-t", "ramfs", "ramfs", mount.toString()), () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(mount.resolve("store"))) {
                moved(store, id);
                assertSourceWhole();
                assertThat(store.sourceLeft(id)).contains(SourceLeft.whole(".", "the image lacks some of it: 1 capabilities"));
            }
        });
    }

    @Tag("full")
    @Test
    void ofWhichACapabilityWasLostByAWorkerThatMaySetNone() throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("setfattr");
        Path home = Files.createDirectories(temporary.resolve("home"));
        Machine.run("chmod", "a+x", temporary.toString());
        Path tree = Files.createDirectory(home.resolve("tree"));
        Path file = Files.writeString(tree.resolve("file"), "x");
        for (List<String> identity : List.of(OtherUser.NOBODY, OtherUser.WITHOUT_SETFCAP)) {
            if (identity.equals(OtherUser.NOBODY)) {
                Machine.run("chown", "-R", "65534:65534", home.toString());
            }
            Machine.run("setfattr", "-n", "security.capability", "-v", "0x0100000200040000000000000000000000000000", file.toString());
            Machine.onTmpfs(home.resolve("mount"), "16m", () -> {
                Machine.run("chmod", "a+rwx", home.resolve("mount").toString());
                OtherUser.run(identity, "lossy", home.toString());
            });
            assertThat(file).hasContent("x");
            assertThat(Machine.run("getfattr", "-m", "security", file.toString())).contains("security.capability");
        }
    }

    @Tag("full")
    @Test
    void whoseAttributesTheWorkerCannotSee() throws Exception {
        Machine.assumeRoot();
        try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
            assertThat(store.seesTrustedAttributes()).isTrue();
        }
        Machine.run("chmod", "a+x", temporary.toString());
        for (List<String> identity : List.of(OtherUser.NOBODY, OtherUser.WITHOUT_SYS_ADMIN)) {
            Path home = Files.createDirectories(temporary.resolve("home"));
            Path file = Files.writeString(Files.createDirectory(home.resolve("tree")).resolve("file"), "x");
            Machine.run("setfattr", "-n", "trusted.x", "-v", "y", file.toString());
            if (identity.equals(OtherUser.NOBODY)) {
                Machine.run("chown", "-R", "65534:65534", home.toString());
            }
            Machine.onTmpfs(home.resolve("mount"), "16m", () -> {
                Machine.run("chmod", "a+rwx", home.resolve("mount").toString());
                OtherUser.run(identity, "unseen", home.toString());
            });
            Machine.remove(home);
        }
    }

    @Tag("full")
    @Test
    void thatIsAnotherUsersInPart() throws Exception {
        Machine.assumeRoot();
        Path home = Files.createDirectories(temporary.resolve("home"));
        Machine.run("chmod", "a+x", temporary.toString());
        for (String mode : List.of("0755", "1777")) {
            Path tree = home.resolve("tree");
            Files.createDirectories(tree.resolve("theirs"));
            Files.writeString(tree.resolve("theirs/file"), "x");
            Machine.run("chown", "-R", "65534:65534", home.toString());
            Machine.run("chown", "-R", "0:0", tree.resolve("theirs").toString());
            Machine.run("chmod", mode, tree.resolve("theirs").toString());
            OtherUser.run("unmovable", home.toString());
            assertThat(tree.resolve("theirs/file")).hasContent("x");
            Machine.remove(home.resolve("store"));
        }
    }

    @Test
    void thatIsReadOnly() throws Exception {
        Path mount = temporary.resolve("read-only");
        Machine.onTmpfs(mount, "8m", () -> {
            source = Files.createDirectories(mount.resolve("source"));
            Files.writeString(source.resolve("file"), "x");
            Machine.run("mount", "-o", "remount,ro", mount.toString());
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
                moved(store, id);
                assertThat(store.sourceLeft(id))
                        .contains(SourceLeft.whole(".", "is on a file system that is read-only"));
            }
            assertThat(source.resolve("file")).hasContent("x");
        });
    }

    /** The source is checked again before anything is deleted, and the answer tells what is left for as long as the image is there. */
    @Test
    void ofWhichSomethingBecameImmutableAfterItWasCopied() throws Exception {
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            String id = Machine.newId();
            Path root = temporary.resolve("tmpfs/store");
            Path outside = Files.createDirectory(temporary.resolve("outside"));
            try (ImageStore store = ImageStore.open(root)) {
                source = Files.move(source, outside.resolve("source"));
                assertThat(stage(store, id)).isInstanceOf(StageOutcome.Staged.class);
                store.publish(id);
                source = outside;
                flagged("i", ".", () -> store.settle(id));
                source = outside.resolve("source");
                assertSourceWhole();
            }
            SourceLeft left = SourceLeft.whole(".", "the directory that it lies in: is immutable or append-only");
            try (ImageStore store = ImageStore.open(root)) {
                assertThat(store.sourceLeft(id)).contains(left);
                store.toTrash(List.of(id));
                store.unlink(id, UnlinkPace.none());
                assertThat(store.sourceLeft(id)).isEmpty();
            }
            assertThat(root.resolve("offered")).isEmptyDirectory();
        });
    }

    /** A file system without extended attributes refuses those of users. */
    private void clearUserAttributes() throws IOException, InterruptedException {
        Machine.run(
                "sh",
                "-c",
                "cd '" + source + "' && find . -type f,d -exec sh -c 'for f; do getfattr -h --only-values -m user. "
                        + "\"$f\" >/dev/null; getfattr -h -m user. \"$f\" 2>/dev/null | grep ^user | "
                        + "while read n; do setfattr -x \"$n\" \"$f\"; done; done' sh {} +");
        before = TreePicture.of(source);
    }

    @Test
    void thatIsOpenForWriting() throws Exception {
        for (Path root : List.of(temporary.resolve("store"), temporary.resolve("tmpfs/store"))) {
            Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
                String id = Machine.newId();
                try (ImageStore store = ImageStore.open(root);
                        RandomAccessFile writer = new RandomAccessFile(source.resolve("deep/er/file").toFile(), "rw")) {
                    assertThat(stage(store, id)).isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                        assertThat(refused.reason()).isEqualTo(RefusalReason.SOURCE_CHANGED);
                        assertThat(refused.path()).isEqualTo("deep/er/file");
                        assertThat(refused.detail()).contains("is open for writing");
                    });
                    writer.write('x');
                    assertThat(store.ids(StoreArea.STAGING)).isEmpty();
                    assertThat(store.offered()).isEmpty();
                }
                assertThat(source.resolve("deep/er/file")).hasContent("x");
            });
        }
    }
}
