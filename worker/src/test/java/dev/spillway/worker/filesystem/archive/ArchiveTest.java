package dev.spillway.worker.filesystem.archive;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import dev.spillway.worker.filesystem.DeepTree;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ArchiveTest {
    private static final ArchiveLimits LIMITS = ArchiveLimits.ofBytes(1L << 30);

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path source;
    private ImageStore store;

    @BeforeEach
    void open() throws Exception {
        temporary = temporary.toRealPath();
        source = temporary.resolve("source");
        store = ImageStore.open(temporary.resolve("store"));
    }

    @AfterEach
    void clean() throws Exception {
        store.close();
        Machine.remove(temporary);
    }

    private byte[] archiveOf(Path tree) throws IOException, InterruptedException {
        String id = Machine.newId();
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(tree.toString())) {
            assertThat(store.stage(id, directory, StageMode.COPY, Long.MAX_VALUE)).isInstanceOf(StageOutcome.Staged.class);
        }
        store.publish(id);
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        store.writeArchive(id, archive);
        return archive.toByteArray();
    }

    private Path extracted(byte[] archive, ArchiveTrust trust) throws IOException, InterruptedException {
        String id = Machine.newId();
        StageOutcome outcome = store.stageArchive(id, new ByteArrayInputStream(archive), LIMITS, trust, false);
        assertThat(outcome).isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        assertThat(((StageOutcome.Staged) outcome).sizeBytes()).isEqualTo(TreePicture.allocatedBytes(store.imagePath(id)));
        return store.imagePath(id);
    }

    private void assertRefused(byte[] archive, ArchiveLimits limits, RefusalReason reason, String path, String detail)
            throws IOException, InterruptedException {
        String id = Machine.newId();
        assertThat(store.stageArchive(id, new ByteArrayInputStream(archive), limits, ArchiveTrust.EVERYTHING, false))
                .isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(reason);
                    assertThat(refused.path()).isEqualTo(path);
                    assertThat(refused.detail()).contains(detail);
                });
        assertThat(store.ids(StoreArea.STAGING)).isEmpty();
    }

    private void assertRefused(byte[] archive, RefusalReason reason, String path, String detail) throws IOException, InterruptedException {
        assertRefused(archive, LIMITS, reason, path, detail);
    }

    /** One entry of a hand-made archive. */
    private record Item(String path, byte type, String link, String content) {
        static Item file(String path, String content) {
            return new Item(path, TarConstants.LF_NORMAL, "", content);
        }

        static Item link(String path, String target) {
            return new Item(path, TarConstants.LF_SYMLINK, target, "");
        }

        static Item hardLink(String path, String target) {
            return new Item(path, TarConstants.LF_LINK, target, "");
        }

        static Item of(byte type, String path) {
            return new Item(path, type, "", "");
        }
    }

    private static byte[] tar(Item... items) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (Item item : items) {
                TarArchiveEntry entry = new TarArchiveEntry(item.path(), item.type(), true);
                entry.setLinkName(item.link());
                byte[] content = item.content().getBytes(StandardCharsets.UTF_8);
                entry.setSize(content.length);
                entry.setMode(0644);
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void anArchiveForWhichTooLittleWouldStayFreeIsNotCalledMalformed() throws Exception {
        Path disk = temporary.resolve("disk");
        byte[] archive = tar(Item.file("large", "x".repeat(6 << 20)));
        Machine.onTmpfs(disk, "16m", () -> {
            try (ImageStore careful = ImageStore.open(disk.resolve("store"), 12L << 20, false)) {
                assertThatThrownBy(
                        () -> careful.stageArchive(Machine.newId(), new ByteArrayInputStream(archive), LIMITS, ArchiveTrust.CONTENT, false))
                        .isInstanceOf(StoreFullException.class)
                        .hasMessageContaining("12582912 to stay free");
                assertThat(careful.ids(StoreArea.STAGING)).isEmpty();
            }
        });
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void aRandomTreeComesBackExactly(long seed) throws Exception {
        RandomTree.make(source, new Random(seed), 300, Machine.isRoot());
        SortedMap<String, String> expected = TreePicture.of(source);
        assertThat(TreePicture.differences(TreePicture.of(extracted(archiveOf(source), ArchiveTrust.EVERYTHING)), expected)).isEmpty();
    }

    @Test
    void aTreeOfThisMachineComesBackExactlyAndIsReadByTar() throws Exception {
        byte[] archive = archiveOf(Path.of("/usr/share/zoneinfo"));
        SortedMap<String, String> expected = TreePicture.ofTreeOfRoot(Path.of("/usr/share/zoneinfo"));
        assertThat(TreePicture.differences(TreePicture.ofTreeOfRoot(extracted(archive, ArchiveTrust.EVERYTHING)), expected)).isEmpty();
        Path byTar = Files.createDirectory(temporary.resolve("by-tar"));
        Path file = Files.write(temporary.resolve("archive.tar"), archive);
        Machine.run("tar", "-xpf", file.toString(), "-C", byTar.toString());
        assertThat(TreePicture.differences(TreePicture.ofTreeOfRoot(byTar), expected)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gnu", "pax", "ustar"})
    void archivesOfTarAreUnderstood(String format) throws Exception {
        Files.createDirectories(source.resolve("a/b"));
        Files.writeString(source.resolve("a/b/f"), "content");
        Files.createLink(source.resolve("a/second"), source.resolve("a/b/f"));
        Files.createSymbolicLink(source.resolve("l"), Path.of("a/b"));
        Path file = temporary.resolve("archive.tar");
        Machine.run("tar", "--format=" + format, "-C", source.toString(), "-cf", file.toString(), ".");
        Path extracted = extracted(Files.readAllBytes(file), ArchiveTrust.EVERYTHING);
        assertThat(extracted.resolve("a/second")).hasContent("content");
        assertThat((int) Files.getAttribute(extracted.resolve("a/second"), "unix:nlink")).isEqualTo(2);
        assertThat(Files.readSymbolicLink(extracted.resolve("l"))).isEqualTo(Path.of("a/b"));
    }

    @Test
    void theSameTreeGivesTheSameBytes() throws Exception {
        RandomTree.make(source, new Random(4), 100, Machine.isRoot());
        assertThat(archiveOf(source)).isEqualTo(archiveOf(source));
    }

    @Test
    void zstdIsDetected() throws Exception {
        RandomTree.make(source, new Random(5), 50, Machine.isRoot());
        byte[] archive = archiveOf(source);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (ZstdOutputStream zstd = new ZstdOutputStream(packed)) {
            zstd.write(archive);
        }
        assertThat(
                TreePicture.differences(TreePicture.of(extracted(packed.toByteArray(), ArchiveTrust.EVERYTHING)), TreePicture.of(source)))
                .isEmpty();
        byte[] torn = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        assertThat(store.stageArchive(Machine.newId(), new ByteArrayInputStream(torn), LIMITS, ArchiveTrust.EVERYTHING, false))
                .isInstanceOfSatisfying(
                        StageOutcome.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(RefusalReason.MALFORMED));
    }

    @Test
    void anArchiveThatAnyoneMaySendMakesNobodyRoot() throws Exception {
        Machine.assumeRoot();
        Files.createDirectory(source);
        Files.writeString(source.resolve("shell"), "#!");
        Files.setAttribute(source.resolve("shell"), "unix:uid", 1234);
        Files.setAttribute(source.resolve("shell"), "unix:mode", 06755);
        byte[] archive = archiveOf(source);
        Path believed = extracted(archive, ArchiveTrust.EVERYTHING).resolve("shell");
        assertThat(Files.getAttribute(believed, "unix:uid")).isEqualTo(1234);
        assertThat((int) Files.getAttribute(believed, "unix:mode") & 07777).isEqualTo(06755);
        Path content = extracted(archive, ArchiveTrust.CONTENT).resolve("shell");
        assertThat(Files.getAttribute(content, "unix:uid")).isEqualTo(0);
        assertThat((int) Files.getAttribute(content, "unix:mode") & 07777).isEqualTo(0755);
    }

    @ParameterizedTest
    @CsvSource({"/etc/passwd, is absolute", "../escape, leads upwards", "a/../../escape, leads upwards", "a/.., leads upwards"})
    void pathsThatLeadOutsideAreRefused(String path, String detail) throws Exception {
        assertRefused(tar(Item.file("good", "x"), Item.file(path, "evil")), RefusalReason.BAD_PATH, path, detail);
    }

    @Test
    void anEntryThroughALinkIsRefused() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        assertRefused(
                tar(Item.link("d", outside.toString()), Item.file("d/evil", "x")),
                RefusalReason.NOT_A_DIRECTORY,
                "d",
                "is used as a directory, but is something else");
        assertRefused(tar(Item.file("f", "x"), Item.file("f/below", "x")), RefusalReason.NOT_A_DIRECTORY, "f", "is something else");
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void aLinkIsReplacedAndNotWrittenThrough() throws Exception {
        Path outside = Files.writeString(temporary.resolve("outside"), "precious");
        Path extracted = extracted(tar(Item.link("f", outside.toString()), Item.file("f", "written")), ArchiveTrust.EVERYTHING);
        assertThat(extracted.resolve("f")).hasContent("written");
        assertThat(outside).hasContent("precious");
    }

    @Test
    void hardLinksGoOnlyToFilesOfTheArchive() throws Exception {
        Path outside = Files.writeString(temporary.resolve("outside"), "precious");
        assertRefused(tar(Item.hardLink("f", outside.toString())), RefusalReason.BAD_PATH, outside.toString(), "is absolute");
        assertRefused(
                tar(Item.hardLink("f", "absent")),
                RefusalReason.BAD_LINK,
                "f",
                "is a hard link to 'absent' (expected: a file before it in the archive)");
        assertRefused(
                tar(Item.link("d", temporary.toString()), Item.hardLink("f", "d/outside")),
                RefusalReason.BAD_LINK,
                "f",
                "is a hard link to 'd/outside'");
        assertRefused(
                tar(Item.of(TarConstants.LF_DIR, "d/"), Item.hardLink("f", "d")),
                RefusalReason.BAD_LINK,
                "f",
                "is a hard link to 'd'");
    }

    @Test
    void devicesAndFifosAreRefused() throws Exception {
        assertRefused(
                tar(Item.of(TarConstants.LF_CHR, "dev/zero/")),
                RefusalReason.SPECIAL_FILE,
                "dev/zero/",
                "is the character device 0/0");
        assertRefused(tar(Item.of(TarConstants.LF_BLK, "dev/sda")), RefusalReason.SPECIAL_FILE, "dev/sda", "is the block device 0/0");
        assertRefused(tar(Item.of(TarConstants.LF_FIFO, "pipe")), RefusalReason.SPECIAL_FILE, "pipe", "is a fifo");
    }

    @Test
    void everyLimitIsHeld() throws Exception {
        byte[] three = tar(Item.file("a", "1"), Item.file("b", "2"), Item.file("c", "3"));
        assertRefused(
                three,
                new ArchiveLimits(2, 1 << 20, 1 << 20, 100),
                RefusalReason.TOO_MANY_ENTRIES,
                "c",
                "is entry 3 (expected: at most 2)");
        assertRefused(
                tar(Item.file("a/b/c/d/e", "1")),
                new ArchiveLimits(3, 1 << 20, 1 << 20, 100),
                RefusalReason.TOO_MANY_ENTRIES,
                "a/b/c/d/e",
                "is entry 4");
        String path = "d/".repeat(60) + "f";
        assertRefused(
                tar(Item.file(path, "1")),
                new ArchiveLimits(1000, 1 << 20, 1 << 20, 100),
                RefusalReason.PATH_TOO_LONG,
                path,
                "at most 100 bytes");
        assertRefused(
                tar(Item.link("l", "x".repeat(101))),
                new ArchiveLimits(1000, 1 << 20, 1 << 20, 100),
                RefusalReason.PATH_TOO_LONG,
                "l",
                "101 bytes (expected: at most 100)");
        byte[] large = tar(Item.file("large", "x".repeat(1 << 20)));
        String id = Machine.newId();
        assertThat(store.stageArchive(id, new ByteArrayInputStream(large), ArchiveLimits.ofBytes(500_000), ArchiveTrust.CONTENT, false))
                .isEqualTo(new StageOutcome.TooLarge(500_000));
        byte[] zeros = tar(new Item("zeros", TarConstants.LF_NORMAL, "", "\0".repeat(1 << 20)));
        assertThat(
                store.stageArchive(
                        id,
                        new ByteArrayInputStream(Zstd.compress(zeros)),
                        new ArchiveLimits(10, 1 << 20, 1000, 100),
                        ArchiveTrust.CONTENT,
                        false))
                .isEqualTo(new StageOutcome.TooLarge(1000));
        assertThat(store.ids(StoreArea.STAGING)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
            "0, 1, 1, 1, maxEntries: 0 (expected: 1 or more)",
            "1, 0, 1, 1, maxBytes: 0 (expected: 1 or more)",
            "1, 1, -3, 1, maxContentBytes: -3 (expected: 1 or more)",
            "1, 1, 1, 4096, maxPathBytes: 4096 (expected: 1 to 4095)"})
    void badLimitsAreNamed(long entries, long bytes, long content, int path, String message) {
        assertThatThrownBy(() -> new ArchiveLimits(entries, bytes, content, path)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void whatIsNoArchiveIsRefused() throws Exception {
        assertRefused(new byte[0], RefusalReason.MALFORMED, ".", "it has no entry");
        assertRefused("{\"sourceDir\": \"/etc\"}".getBytes(StandardCharsets.UTF_8), RefusalReason.MALFORMED, ".", "cannot be read");
        byte[] whole = tar(Item.file("a", "x".repeat(2000)), Item.file("b", "y"));
        assertRefused(Arrays.copyOf(whole, 1500), RefusalReason.MALFORMED, "a", "cannot be read");
        assertRefused(Arrays.copyOf(whole, 512 + 2048), RefusalReason.MALFORMED, "a", "ends without its end mark");
    }

    @Test
    void damagedArchivesLeaveNothingBehindWhateverTheDamage() throws Exception {
        RandomTree.make(source, new Random(6), 30, Machine.isRoot());
        byte[] archive = archiveOf(source);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 60; i++) {
            byte[] damaged = archive.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                damaged[random.nextInt(Math.min(damaged.length, 8192))] = (byte) random.nextInt();
            }
            String id = Machine.newId();
            if (store.stageArchive(
                    id,
                    new ByteArrayInputStream(damaged),
                    LIMITS,
                    ArchiveTrust.CONTENT,
                    false) instanceof StageOutcome.Staged) {
                store.discardStaged(id);
            } else {
                refused++;
            }
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
        }
        assertThat(refused).isPositive();
    }

    @Test
    void aStreamThatBreaksIsAnErrorAndNotABadArchive() throws Exception {
        byte[] archive = tar(Item.file("a", "x".repeat(200_000)), Item.file("b", "y".repeat(900_000)));
        InputStream broken = new FilterInputStream(new ByteArrayInputStream(archive)) {
            private int left = 600_000;

            @Override
            public int read(byte[] target, int start, int count) throws IOException {
                if (left <= 0) {
                    throw new IOException("connection reset");
                }
                int read = super.read(target, start, Math.min(count, left));
                left -= read;
                return read;
            }
        };
        assertThatThrownBy(() -> store.stageArchive(Machine.newId(), broken, LIMITS, ArchiveTrust.CONTENT, false))
                .isInstanceOf(IOException.class)
                .hasMessage("connection reset");
        assertThat(store.ids(StoreArea.STAGING)).isEmpty();
    }

    /** Every kind of entry with a name of any bytes, short and too long for a header. */
    private void makeTreeOfBytes() throws Exception {
        Files.createDirectory(source);
        Machine.run(
                "sh",
                "-c",
                """
                        cd '%s' && long=$(printf '%%0120d' 0) && for bad in "$(printf 'bad\\377name')" "$(printf 'b\\351')$long" "$(printf '\\357\\277\\275')$long"; do
                            mkdir "$bad.d" && echo content > "$bad.d/$bad" && ln "$bad.d/$bad" "$bad.d/$bad.further" && ln -s "$bad" "$bad.l" || exit 1
                        done; echo grün > grün; ln -s "grün$long" "lang-grün$long"
                        """
                        .formatted(source));
    }

    private static String listing(Path tree) throws Exception {
        return Machine.run("sh", "-c", "cd '" + tree + "' && find . -printf '%p %y %n %l\\n' | LC_ALL=C sort | od -An -c");
    }

    @Test
    void namesThatAreNotUtf8TravelByteForByte() throws Exception {
        makeTreeOfBytes();
        byte[] archive = archiveOf(source);
        assertThat(archiveOf(source)).as("the same bytes for the same tree").isEqualTo(archive);
        assertThat(listing(extracted(archive, ArchiveTrust.EVERYTHING))).isEqualTo(listing(source));
        Path byTar = Files.createDirectory(temporary.resolve("by-tar"));
        Machine.run("tar", "-xpf", Files.write(temporary.resolve("archive.tar"), archive).toString(), "-C", byTar.toString());
        assertThat(listing(byTar)).isEqualTo(listing(source));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tar --format=gnu", "tar --format=pax", "bsdtar --format=pax"})
    void namesThatAreNotUtf8AreReadAsToolsWriteThem(String command) throws Exception {
        List<String> words = List.of(command.split(" "));
        Machine.assumeCommand(words.getFirst());
        makeTreeOfBytes();
        Path file = temporary.resolve("archive.tar");
        Machine.run(words.getFirst(), words.getLast(), "-C", source.toString(), "-cf", file.toString(), ".");
        assertThat(listing(extracted(Files.readAllBytes(file), ArchiveTrust.EVERYTHING))).isEqualTo(listing(source));
    }

    @Test
    void theWorkForADeepTreeGrowsAsItsArchiveDoes() throws Exception {
        Files.createDirectory(source);
        DeepTree.make(source, 700);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (OpenDirectory tree = OpenDirectory.open(source)) {
            ArchiveWriter.write(tree, archive);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).as("allocated for %d bytes", archive.size())
                .isLessThan(60L * archive.size());
    }
}
