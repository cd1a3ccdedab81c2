package dev.spillway.worker.filesystem.unlink;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.DeepTree;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.OtherUser;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TreeUnlinkerTest {
    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path tree;

    @BeforeEach
    void paths() throws IOException {
        temporary = temporary.toRealPath();
        tree = temporary.resolve("tree");
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private UnlinkOutcome unlink() throws IOException, InterruptedException {
        try (OpenDirectory parent = OpenDirectory.open(temporary)) {
            return TreeUnlinker.unlink(parent, FileName.of("tree"));
        }
    }

    @Test
    void theBytesFreedAreThoseThatWereAllocated() throws Exception {
        RandomTree.make(tree, new Random(8), 300, Machine.isRoot());
        long allocated = TreePicture.allocatedBytes(tree);
        assertThat(unlink()).isInstanceOfSatisfying(
                UnlinkOutcome.Unlinked.class,
                unlinked -> assertThat(unlinked.bytesFreed()).isEqualTo(allocated));
        assertThat(tree).doesNotExist();
    }

    @Test
    void aFileWithANameOutsideIsNotCountedAsFreed() throws Exception {
        Files.createDirectory(tree);
        Path outside = Files.write(temporary.resolve("outside"), new byte[1 << 20]);
        Files.createLink(tree.resolve("inside"), outside);
        assertThat(unlink()).isInstanceOfSatisfying(
                UnlinkOutcome.Unlinked.class,
                unlinked -> assertThat(unlinked.bytesFreed()).isLessThan(1 << 20));
        assertThat(outside).exists();
    }

    @Test
    void symbolicLinksAreRemovedAndNeverFollowed() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        Path precious = Files.writeString(outside.resolve("precious"), "x");
        Files.createDirectory(tree);
        Files.createSymbolicLink(tree.resolve("to a directory"), outside);
        Files.createSymbolicLink(tree.resolve("to a file"), precious);
        assertThat(unlink()).isInstanceOf(UnlinkOutcome.Unlinked.class);
        assertThat(precious).hasContent("x");
    }

    @Test
    void aTreeThatIsItselfALinkLosesTheLinkOnly() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        Files.writeString(outside.resolve("precious"), "x");
        Files.createSymbolicLink(tree, outside);
        assertThat(unlink()).isInstanceOf(UnlinkOutcome.Unlinked.class);
        assertThat(Files.exists(tree, LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(outside.resolve("precious")).hasContent("x");
    }

    @Test
    void tenThousandLevelsAreRemoved() throws Exception {
        Files.createDirectory(tree);
        DeepTree.make(tree, 10_000);
        assertThat(unlink()).isInstanceOfSatisfying(
                UnlinkOutcome.Unlinked.class,
                unlinked -> assertThat(unlinked.entries()).isEqualTo(10_003));
        assertThat(tree).doesNotExist();
    }

    @Test
    void aHundredThousandFilesAreRemoved() throws Exception {
        Files.createDirectory(tree);
        for (int i = 0; i < 100; i++) {
            Files.createDirectory(tree.resolve("d" + i));
            try (OpenDirectory directory = OpenDirectory.open(tree.resolve("d" + i))) {
                FileName first = FileName.of("first");
                directory.createFile(first, 0644).close();
                for (int j = 1; j < 1_000; j++) {
                    if (j % 10 == 0) {
                        directory.createFile(FileName.of("f" + j), 0644).close();
                    } else {
                        directory.createLink(FileName.of("f" + j), directory, first.toBytes());
                    }
                }
            }
        }
        assertThat(unlink()).isInstanceOfSatisfying(
                UnlinkOutcome.Unlinked.class,
                unlinked -> assertThat(unlinked.entries()).isEqualTo(100_101));
        assertThat(tree).doesNotExist();
    }

    @Test
    void readOnlyAndClosedDirectoriesAreRemovedAlsoWithoutRoot() throws Exception {
        Files.createDirectories(tree.resolve("read-only/closed/deeper"));
        Files.writeString(tree.resolve("read-only/closed/deeper/f"), "x");
        Files.writeString(tree.resolve("read-only/f"), "x");
        Files.setAttribute(tree.resolve("read-only/closed"), "unix:mode", 0);
        Files.setAttribute(tree.resolve("read-only"), "unix:mode", 0555);
        Files.setAttribute(tree, "unix:mode", 0555);
        if (Machine.isRoot()) {
            unlinkAsNobody();
        } else {
            assertThat(unlink()).isInstanceOf(UnlinkOutcome.Unlinked.class);
        }
        assertThat(tree).doesNotExist();
    }

    private void unlinkAsNobody() throws IOException, InterruptedException {
        Machine.run("chown", "-R", "65534:65534", temporary.toString());
        OtherUser.run("unlink", temporary.toString());
    }

    @Test
    void oneThatCannotBeRemovedIsNamedAndTheOthersGo() throws Exception {
        Machine.assumeRoot();
        Files.createDirectories(tree.resolve("a"));
        Files.createDirectories(tree.resolve("m"));
        Files.createDirectories(tree.resolve("z"));
        Files.writeString(tree.resolve("z/f"), "x");
        Machine.onTmpfs(tree.resolve("m"), "1m", () -> {
            Files.writeString(tree.resolve("m/mounted"), "precious");
            assertThat(unlink()).isInstanceOfSatisfying(UnlinkOutcome.Incomplete.class, incomplete -> {
                assertThat(incomplete.failureCount()).isEqualTo(1);
                assertThat(incomplete.failures().getFirst()).contains("tree/m: something is mounted here");
            });
            assertThat(tree.resolve("m/mounted")).hasContent("precious");
            assertThat(tree.resolve("a")).doesNotExist();
            assertThat(tree.resolve("z")).doesNotExist();
        });
        assertThat(unlink()).isInstanceOf(UnlinkOutcome.Unlinked.class);
    }

    @Test
    void anInterruptLeavesTheRestToTheNextCall() throws Exception {
        RandomTree.make(tree, new Random(8), 30, Machine.isRoot());
        Thread.currentThread().interrupt();
        assertThatThrownBy(this::unlink).isInstanceOf(InterruptedException.class);
        assertThat(unlink()).isInstanceOf(UnlinkOutcome.Unlinked.class);
        assertThat(unlink()).isEqualTo(new UnlinkOutcome.Absent());
    }
}
