package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.DeepTree;
import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class TreeCopierTest {
    private static final FileIdentity NO_STORE = new FileIdentity(-1, -1);

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path source;
    private Path target;

    @BeforeEach
    void directories() throws IOException {
        temporary = temporary.toRealPath();
        source = temporary.resolve("source");
        target = temporary.resolve("target");
        Files.createDirectory(target);
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private StageFigures copy(long maxBytes) throws IOException, InterruptedException, StagingStopped {
        try (OpenDirectory from = OpenDirectory.open(source); OpenDirectory to = OpenDirectory.open(target)) {
            return TreeCopier.copy(from, to, false, maxBytes, NO_STORE, new FreeSpace(target, 0), copied -> {});
        }
    }

    private StageFigures copy() throws IOException, InterruptedException, StagingStopped {
        return copy(Long.MAX_VALUE);
    }

    private void assertSame() throws IOException {
        assertThat(TreePicture.differences(TreePicture.of(target), TreePicture.of(source))).isEmpty();
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"/usr/include", "/usr/lib/python3", "/usr/share/doc", "/usr/share/zoneinfo"})
    void aTreeOfThisMachineIsCopiedExactly(String path) throws Exception {
        assumeTrue(Files.isDirectory(Path.of(path)), "skipped: no " + path);
        source = Path.of(path).toRealPath();
        copy();
        assertThat(TreePicture.differences(TreePicture.ofTreeOfRoot(target), TreePicture.ofTreeOfRoot(source))).isEmpty();
        assertThat(TreePicture.allocatedBytes(target)).isLessThanOrEqualTo(TreePicture.allocatedBytes(source) + 4096);
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aRandomTreeIsCopiedExactly(long seed) throws Exception {
        RandomTree.make(source, new Random(seed), 400, Machine.isRoot());
        copy();
        assertSame();
    }

    @Test
    void theCopyIsTheOneThatCpMakes() throws Exception {
        RandomTree.make(source, new Random(99), 300, Machine.isRoot());
        Path byCp = temporary.resolve("by-cp");
        Machine.run("cp", "-a", source.toString(), byCp.toString());
        copy();
        assertThat(TreePicture.differences(TreePicture.of(target), TreePicture.of(byCp))).isEmpty();
    }

    @Test
    void symbolicLinksAreKeptAndNeverFollowed() throws Exception {
        Files.createDirectory(source);
        Path secret = Files.writeString(temporary.resolve("secret"), "outside");
        Files.createSymbolicLink(source.resolve("out"), secret);
        Files.createSymbolicLink(source.resolve("directory"), temporary);
        Files.createSymbolicLink(source.resolve("dangling"), Path.of("nowhere"));
        StageFigures figures = copy();
        assertThat(figures.symbolicLinks()).isEqualTo(3);
        assertThat(Files.readSymbolicLink(target.resolve("out"))).isEqualTo(secret);
        assertSame();
    }

    @Test
    void hardLinksWithinTheTreeStayOneFile() throws Exception {
        Files.createDirectories(source.resolve("a/b"));
        Path first = Files.write(source.resolve("a/one"), new byte[100_000]);
        Files.createLink(source.resolve("two"), first);
        Files.createLink(source.resolve("a/b/three"), first);
        StageFigures figures = copy();
        assertThat(figures.files()).isEqualTo(1);
        assertThat(figures.links()).isEqualTo(2);
        assertThat((int) Files.getAttribute(target.resolve("two"), "unix:nlink")).isEqualTo(3);
        assertSame();
    }

    @Test
    void aHardLinkToAFileOutsideBecomesAFileOfItsOwn() throws Exception {
        Files.createDirectory(source);
        Path outside = Files.writeString(temporary.resolve("outside"), "shared");
        Files.createLink(source.resolve("inside"), outside);
        copy();
        assertThat((int) Files.getAttribute(target.resolve("inside"), "unix:nlink")).isEqualTo(1);
        assertThat(target.resolve("inside")).hasContent("shared");
    }

    @Test
    void modesWithSetuidSetgidAndStickyAreKept() throws Exception {
        Files.createDirectories(source.resolve("d"));
        Files.writeString(source.resolve("f"), "x");
        Files.setAttribute(source.resolve("f"), "unix:mode", 06751);
        Files.setAttribute(source.resolve("d"), "unix:mode", 03777);
        Files.setAttribute(source, "unix:mode", 0511);
        copy();
        assertThat((int) Files.getAttribute(target.resolve("f"), "unix:mode") & 07777).isEqualTo(06751);
        assertThat((int) Files.getAttribute(target.resolve("d"), "unix:mode") & 07777).isEqualTo(03777);
        assertThat((int) Files.getAttribute(target, "unix:mode") & 07777).isEqualTo(0511);
    }

    @Test
    void timesOfFilesLinksAndDirectoriesAreKeptToTheNanosecond() throws Exception {
        Files.createDirectories(source.resolve("d"));
        Files.writeString(source.resolve("d/f"), "x");
        FileTime odd = FileTime.from(Instant.ofEpochSecond(1_234_567_890L, 123_456_789));
        Files.setLastModifiedTime(source.resolve("d/f"), odd);
        // java.nio cannot set a time before 1970
        Machine.run("touch", "-d", "@-5.000000007", source.resolve("d").toString());
        Files.setLastModifiedTime(source, odd);
        copy();
        assertThat(Files.getLastModifiedTime(target.resolve("d/f"))).isEqualTo(odd);
        assertThat(Machine.run("stat", "-c", "%.Y", target.resolve("d").toString()))
                .isEqualTo(Machine.run("stat", "-c", "%.Y", source.resolve("d").toString()))
                .startsWith("-");
        assertThat(Files.getLastModifiedTime(target)).isEqualTo(odd);
    }

    @Test
    void holesStayHoles() throws Exception {
        Files.createDirectory(source);
        try (RandomAccessFile file = new RandomAccessFile(source.resolve("sparse").toFile(), "rw")) {
            file.setLength(1L << 30);
            file.seek(512L << 20);
            file.write(new byte[]{1, 2, 3});
        }
        try (RandomAccessFile file = new RandomAccessFile(source.resolve("empty").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
        copy();
        assertThat(TreePicture.allocatedBytes(target)).isLessThan(1 << 20);
        assertThat(Files.mismatch(source.resolve("sparse"), target.resolve("sparse"))).isEqualTo(-1);
        assertThat(Files.size(target.resolve("empty"))).isEqualTo(1L << 40);
    }

    @Test
    void attributesOfUsersAreKeptAlsoOnReadOnlyFilesAndDirectories() throws Exception {
        Files.createDirectory(source);
        Path file = Files.writeString(source.resolve("f"), "x");
        UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        assumeTrue(
                Files.getFileStore(file).supportsFileAttributeView(UserDefinedFileAttributeView.class),
                "skipped: no extended attributes here");
        view.write("origin", ByteBuffer.wrap(new byte[]{0, 1, (byte) 0xff}));
        Files.getFileAttributeView(source, UserDefinedFileAttributeView.class).write("root", ByteBuffer.wrap(new byte[0]));
        Files.setAttribute(file, "unix:mode", 0444);
        copy();
        assertSame();
        assertThat(Files.getFileAttributeView(target.resolve("f"), UserDefinedFileAttributeView.class).list()).containsExactly("origin");
    }

    @Test
    void capabilitiesAccessListsAndTrustedAttributesAreKeptForRoot() throws Exception {
        Machine.assumeRoot();
        Machine.assumeCommand("setfattr");
        Machine.assumeCommand("setfacl");
        Files.createDirectory(source);
        String file = Files.writeString(source.resolve("f"), "x").toString();
        String directory = Files.createDirectory(source.resolve("d")).toString();
        Machine.run("chown", "1000:1000", file);
        Machine.run("setfacl", "-m", "u:1234:rw", file);
        Machine.run("setfacl", "-d", "-m", "g:4321:rx", directory);
        Machine.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", directory);
        Machine.run("setfattr", "-n", "security.capability", "-v", "0x0100000200040000000000000000000000000000", file);
        assertThat(copy().notKept()).isEmpty();
        String expected = Machine.run("sh", "-c", "cd " + source + " && getfattr -R -h -d -m - . | sort");
        assertThat(Machine.run("sh", "-c", "cd " + target + " && getfattr -R -h -d -m - . | sort")).isEqualTo(expected)
                .contains("security.capability", "system.posix_acl_access", "system.posix_acl_default", "trusted.overlay.opaque");
        assertThat(Machine.run("sh", "-c", "cd " + target + " && getfacl -R ."))
                .isEqualTo(Machine.run("sh", "-c", "cd " + source + " && getfacl -R ."));
    }

    @Test
    void namesThatAreNotUtf8AreKept() throws Exception {
        Files.createDirectory(source);
        Machine.run("sh", "-c", "cd '" + source + "' && mkdir \"$(printf 'd\\351')\" && echo x > \"$(printf 'd\\351/f\\377')\"");
        copy();
        String expected = Machine.run("sh", "-c", "cd '" + source + "' && find . | sort | od -c");
        assertThat(Machine.run("sh", "-c", "cd '" + target + "' && find . | sort | od -c")).isEqualTo(expected).contains("351", "377");
    }

    @Test
    void aFifoIsRefusedByItsPath() throws Exception {
        Files.createDirectories(source.resolve("deep/er"));
        Machine.run("mkfifo", source.resolve("deep/er/pipe").toString());
        assertRefused(RefusalReason.SPECIAL_FILE, "deep/er/pipe", "is a fifo");
    }

    @Test
    void aSocketIsRefusedByItsPath() throws Exception {
        Files.createDirectory(source);
        Path socket = source.resolve("s");
        try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.bind(UnixDomainSocketAddress.of(socket));
            assertRefused(RefusalReason.SPECIAL_FILE, "s", "is a socket");
        }
    }

    @Test
    void aDeviceIsRefusedByItsPath() throws Exception {
        Machine.assumeRoot();
        Files.createDirectory(source);
        Machine.run("mknod", source.resolve("null").toString(), "c", "1", "3");
        assertRefused(RefusalReason.SPECIAL_FILE, "null", "is a character device");
    }

    @Test
    void ofAVeryLongPathTheBeginningTheEndAndTheLengthAreSaid() throws Exception {
        Path deep = Files.createDirectories(source.resolve("begin/" + "0123456789012345678/".repeat(50) + "end"));
        Machine.run("mkfifo", deep.resolve("pipe").toString());
        assertThatThrownBy(this::copy).isInstanceOfSatisfying(
                StagingStopped.class,
                stopped -> assertThat(stopped.outcome()).isInstanceOfSatisfying(
                        StageOutcome.Refused.class,
                        refused -> assertThat(refused.path()).startsWith("begin/0123")
                                .contains("(1014 characters)")
                                .endsWith("678/end/pipe")
                                .hasSizeLessThan(400)));
    }

    private void assertRefused(RefusalReason reason, String path, String detail) {
        assertThatThrownBy(this::copy).isInstanceOfSatisfying(
                StagingStopped.class,
                stopped -> assertThat(stopped.outcome()).isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(reason);
                    assertThat(refused.path()).isEqualTo(path);
                    assertThat(refused.detail()).contains(detail);
                }));
    }

    @Test
    void theCopyStopsAtItsBound() throws Exception {
        Files.createDirectory(source);
        try (RandomAccessFile file = new RandomAccessFile(source.resolve("large").toFile(), "rw")) {
            byte[] megabyte = new byte[1 << 20];
            new Random(1).nextBytes(megabyte);
            for (int i = 0; i < 100; i++) {
                file.write(megabyte);
            }
        }
        assertThatThrownBy(() -> copy(20 << 20)).isInstanceOfSatisfying(
                StagingStopped.class,
                stopped -> assertThat(stopped.outcome()).isEqualTo(new StageOutcome.TooLarge(20 << 20)));
        assertThat(Files.size(target.resolve("large"))).as("stopped in the middle of the file").isBetween(1L << 20, 40L << 20);
    }

    @Test
    void aTreeDeeperThanOpenFilesAndPathsMayBeIsCopied() throws Exception {
        Files.createDirectory(source);
        DeepTree.make(source, 3_000);
        StageFigures figures = copy();
        assertThat(figures.directories()).isEqualTo(3_001);
        assertThat(figures.links()).as("a hard link whose first name has a path of more than 4,096 bytes").isEqualTo(1);
        assertThat(DeepTree.bottom(target)).isEqualTo(DeepTree.bottom(source)).contains("content at the bottom");
    }

    @Test
    void aDirectoryThatBecomesALinkInTheMiddleNeverLeadsOutside() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        for (int i = 0; i < 20; i++) {
            Files.writeString(outside.resolve("file" + i), "must not be seen");
        }
        Files.createDirectories(source.resolve("flip"));
        for (int i = 0; i < 20; i++) {
            Files.writeString(source.resolve("flip/file" + i), "inside");
        }
        Path aside = temporary.resolve("aside");
        AtomicBoolean stop = new AtomicBoolean();
        Thread attacker = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try {
                    Files.move(source.resolve("flip"), aside);
                    Files.createSymbolicLink(source.resolve("flip"), outside);
                    Files.delete(source.resolve("flip"));
                    Files.move(aside, source.resolve("flip"));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        int whole = 0;
        try {
            for (int i = 0; i < 300; i++) {
                target = Files.createDirectory(temporary.resolve("target" + i));
                try {
                    copy();
                    whole++;
                } catch (StagingStopped stopped) {
                    assertThat(((StageOutcome.Refused) stopped.outcome()).reason()).isEqualTo(RefusalReason.SOURCE_CHANGED);
                }
                if (Files.isDirectory(target.resolve("flip"), LinkOption.NOFOLLOW_LINKS)) {
                    try (var files = Files.list(target.resolve("flip"))) {
                        assertThat(files).allSatisfy(file -> assertThat(Files.readString(file)).isIn("inside", ""));
                    }
                }
            }
        } finally {
            stop.set(true);
            attacker.join();
        }
        assertThat(whole).as("copies of 300 that met a quiet moment or kept the link as a link").isLessThan(300);
    }

    @Test
    void aFileThatIsWrittenToIsCopiedAsItWasAtOneMomentOrRefused() throws Exception {
        Files.createDirectory(source);
        Path log = Files.createFile(source.resolve("log"));
        AtomicBoolean stop = new AtomicBoolean();
        // at every moment, in the middle of a write too, all bytes of the file are the same
        Thread writer = Thread.ofPlatform().start(() -> {
            try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
                for (int i = 0; !stop.get(); i = (i + 1) % 2000) {
                    byte[] content = new byte[1_000_000 + i];
                    Arrays.fill(content, (byte) i);
                    file.setLength(0);
                    file.seek(0);
                    file.write(content);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        int refused = 0;
        try {
            for (int i = 0; refused == 0 && i < 2000; i++) {
                target = Files.createDirectory(temporary.resolve("target" + i));
                try {
                    copy();
                    byte[] copied = Files.readAllBytes(target.resolve("log"));
                    byte[] expected = new byte[copied.length];
                    Arrays.fill(expected, copied.length == 0 ? 0 : copied[0]);
                    assertThat(Arrays.equals(copied, expected)).as("%d bytes of one write", copied.length).isTrue();
                } catch (StagingStopped stopped) {
                    assertThat(stopped.outcome()).isEqualTo(
                            new StageOutcome.Refused(
                                    RefusalReason.SOURCE_CHANGED,
                                    "log",
                                    "changed while it was copied (expected: a tree that nobody writes to)"));
                    refused++;
                }
                Machine.remove(target);
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        assertThat(refused).as("copies that were refused, of up to 2000").isEqualTo(1);
    }

    @Test
    void aWriterThatPutsTheTimeOfItsWriteBackIsSeen() throws Exception {
        Files.createDirectory(source);
        Path file = source.resolve("large");
        byte[] content = new byte[64 << 20];
        boolean met = false;
        for (int i = 0; !met && i < 50; i++) {
            new Random(i).nextBytes(content);
            FileTime written = Files.getLastModifiedTime(Files.write(file, content));
            target = Files.createDirectory(temporary.resolve("target" + i));
            Path copy = target.resolve("large");
            AtomicBoolean inTheMiddle = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> {
                while (copy.toFile().length() == 0) {
                    Thread.onSpinWait();
                }
                try (RandomAccessFile changed = new RandomAccessFile(file.toFile(), "rw")) {
                    changed.write(~content[0]);
                    changed.seek(content.length - 1);
                    changed.write(~content[content.length - 1]);
                    Files.setLastModifiedTime(file, written);
                    inTheMiddle.set(copy.toFile().length() < content.length);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            copy();
            writer.join();
            met = inTheMiddle.get();
            if (met) {
                assertThat(Files.mismatch(copy, file)).as("first byte that is another").isEqualTo(-1);
            }
        }
        assertThat(met).as("written to in the middle of a copy").isTrue();
    }

    @Test
    void aTreeWhoseFilesVanishIsCopiedAsItWasAtOneMomentOrRefused() throws Exception {
        Files.createDirectory(source);
        Files.writeString(source.resolve("a"), "stays");
        AtomicBoolean stop = new AtomicBoolean();
        Thread owner = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try {
                    for (int i = 0; i < 50; i++) {
                        Files.writeString(source.resolve("b" + i), "comes and goes");
                    }
                    for (int i = 0; i < 50; i++) {
                        Files.delete(source.resolve("b" + i));
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        int refused = 0;
        try {
            for (int i = 0; refused == 0 && i < 2000; i++) {
                target = Files.createDirectory(temporary.resolve("target" + i));
                try {
                    copy();
                    assertThat(target.resolve("a")).hasContent("stays");
                } catch (StagingStopped stopped) {
                    assertThat(((StageOutcome.Refused) stopped.outcome()).reason()).isEqualTo(RefusalReason.SOURCE_CHANGED);
                    refused++;
                }
                Machine.remove(target);
            }
        } finally {
            stop.set(true);
            owner.join();
        }
        assertThat(refused).as("copies that were refused, of up to 2000").isEqualTo(1);
    }

    @Test
    void aFileThatHoldsMoreOrLessThanItSaysIsRefused() throws Exception {
        source = Path.of("/proc/sys/kernel/random");
        assumeTrue(Files.isDirectory(source), "skipped: no " + source);
        assertRefused(RefusalReason.UNREADABLE, "boot_id", "says that it is empty");
        target = Files.createDirectory(temporary.resolve("other-target"));
        source = Path.of("/sys/kernel/mm/transparent_hugepage");
        assumeTrue(Files.isDirectory(source), "skipped: no " + source);
        assertThatThrownBy(this::copy).isInstanceOfSatisfying(
                StagingStopped.class,
                stopped -> assertThat(((StageOutcome.Refused) stopped.outcome()).reason()).isEqualTo(RefusalReason.SOURCE_CHANGED));
    }

    @Test
    void anInterruptEndsTheCopy() throws Exception {
        RandomTree.make(source, new Random(5), 50, Machine.isRoot());
        Thread.currentThread().interrupt();
        assertThatThrownBy(this::copy).isInstanceOf(InterruptedException.class);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
