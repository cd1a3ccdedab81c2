package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.TreePicture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A header is believed only when its checksum matches. Its type flag alone says what the entry is, and whether content follows. */
class ArchiveHeadersTest {
    private static final int BLOCK = 512;
    private static final int MODE_AT = 100;
    private static final int SIZE_AT = 124;
    private static final int CHECKSUM_AT = 148;
    private static final int TYPE_AT = 156;
    /** Offset and size of four segments, each of 12 bytes, in the header of GNU tar. */
    private static final int SPARSE_MAP_AT = 386;
    private static final int REAL_SIZE_AT = 483;

    private ArchiveStore store;

    @BeforeEach
    void open() throws Exception {
        store = new ArchiveStore();
    }

    @AfterEach
    void remove() throws Exception {
        store.remove();
    }

    private byte[] tar(String commands) throws Exception {
        store.shell(commands);
        return store.bytes("x.tar");
    }

    /** An archive whose header at the offset has another text in a field, and a checksum that matches. */
    private static byte[] changed(byte[] archive, int header, int field, String text) {
        byte[] changed = archive.clone();
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, changed, header + field, bytes.length);
        Arrays.fill(changed, header + CHECKSUM_AT, header + CHECKSUM_AT + 8, (byte) ' ');
        int sum = 0;
        for (int i = header; i < header + BLOCK; i++) {
            sum += Byte.toUnsignedInt(changed[i]);
        }
        byte[] checksum = "%06o\0".formatted(sum).getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(checksum, 0, changed, header + CHECKSUM_AT, checksum.length);
        return changed;
    }

    private void assertRefused(byte[] archive, RefusalReason reason, String detail) throws Exception {
        StageOutcome.Refused refused = store.refused(archive);
        assertThat(refused.detail()).contains(detail);
        assertThat(refused.reason()).isEqualTo(reason);
    }

    private void assertSame(Path unpacked, String expected) throws IOException, InterruptedException {
        assertThat(TreePicture.differences(TreePicture.of(unpacked), TreePicture.of(store.folder().resolve(expected)))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"gnu, 0", "gnu, 1024", "gnu, 2048", "posix, 0", "posix, 1024", "posix, 2048", "ustar, 0", "v7, 0"})
    void aHeaderThatDoesNotMatchItsChecksumIsRefused(String format, int header) throws Exception {
        // GNU tar writes header, name, header, content; POSIX's writes header, records, header, content
        byte[] archive = tar(
                "n=$(printf '%%0%dd' 0); echo a > $n; echo b > b; tar --format=%s -cf x.tar $n b"
                        .formatted(header > 0 ? 150 : 9, format));
        for (int at : new int[]{0, MODE_AT + 4, SIZE_AT + 11, TYPE_AT}) {
            byte[] damaged = archive.clone();
            damaged[header + at] ^= 1;
            assertRefused(
                    damaged,
                    RefusalReason.MALFORMED,
                    "the header at offset %d of the tar stream does not match its checksum".formatted(header));
        }
        assertThat(store.unpacked(archive).resolve("b")).hasContent("b");
    }

    @Test
    void bytesAboveAsciiMayBeAddedUpWithASign() throws Exception {
        byte[] archive = tar("echo a > $(printf 'x\\377'); tar -cf x.tar x*");
        int sum = Integer.parseInt(new String(archive, CHECKSUM_AT, 6, StandardCharsets.ISO_8859_1), 8);
        System.arraycopy("%06o".formatted(sum - 256).getBytes(StandardCharsets.ISO_8859_1), 0, archive, CHECKSUM_AT, 6);
        assertThat(store.unpacked(archive).toFile().list()).hasSize(1);
    }

    @Test
    void whatADumpOfGnuTarSaysOfItsDirectoriesIsNotPartOfTheTree() throws Exception {
        byte[] archive = tar("""
                mkdir -p inc/d/empty; echo a > inc/d/f; cd inc/d; i=0
                while [ $i -lt 60 ]; do : > some-$i-name; i=$((i+1)); done
                cd ../..; find inc -exec touch -d @1700000000 {} +; tar -C inc -g snapshot -cf x.tar .
                """);
        assertSame(store.unpacked(archive), "inc");
    }

    @Test
    void aDumpCountsAsContent() throws Exception {
        byte[] archive = tar(
                "mkdir -p inc; cd inc; i=0; while [ $i -lt 400 ]; do : > name-$i; i=$((i+1)); done; cd ..; "
                        + "tar -C inc -g snapshot -cf x.tar .");
        StageOutcome outcome = store.stage(archive, Machine.newId(), new ArchiveLimits(1000, 1 << 30, 3000, 100));
        assertThat(outcome).isEqualTo(new StageOutcome.TooLarge(3000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ustar", "posix", "gnu"})
    void aFileWithContentWhoseNameEndsInASlashIsRefused(String format) throws Exception {
        byte[] archive = tar("printf content > f_; echo b > b; tar --format=%s -cf x.tar f_ b".formatted(format));
        int header = format.equals("posix") ? 2 * BLOCK : 0;
        assertRefused(changed(archive, header, 0, "f/"), RefusalReason.BAD_PATH, "ends in a slash, but is a file of 7 bytes");
    }

    @Test
    void aPathInARecordThatEndsInASlashMakesNoDirectoryOfAFile() throws Exception {
        byte[] archive = tar("printf content > f; echo b > b; tar --format=posix --pax-option=path:=f/ -cf x.tar f");
        assertRefused(archive, RefusalReason.BAD_PATH, "ends in a slash, but is a file of 7 bytes");
    }

    @Test
    void aLongNameThatEndsInASlashIsReadToo() throws Exception {
        byte[] archive = tar("n=$(printf '%0150d' 0); echo a > $n; tar --format=gnu -cf x.tar $n");
        byte[] slashed = changed(archive, 0, 0, "L/" + "\0".repeat(98));
        assertThat(store.unpacked(slashed).resolve("0".repeat(150))).hasContent("a");
    }

    @Test
    void anEmptyFileWhoseNameEndsInASlashIsTheDirectoryOfAnOldArchive() throws Exception {
        byte[] archive = tar("mkdir -p t/d; echo b > t/d/b; find t -exec touch -d @1700000000 {} +; tar --format=v7 -C t -cf x.tar d");
        assertThat(archive[TYPE_AT]).isEqualTo((byte) '5');
        for (String type : List.of("0", "\0")) {
            assertSame(store.unpacked(changed(archive, 0, TYPE_AT, type)).resolve("d"), "t/d");
        }
        assertRefused(changed(archive, 0, TYPE_AT, "7"), RefusalReason.BAD_PATH, "ends in a slash, but is a file of 0 bytes");
    }

    @Test
    void aDirectoryHasNoContentWhateverItsSizeSays() throws Exception {
        byte[] archive = tar("mkdir -p t/d; echo b > t/d/b; tar -C t -cf x.tar d");
        assertThat(store.unpacked(changed(archive, 0, SIZE_AT, "00000001000")).resolve("d/b")).hasContent("b");
    }

    @ParameterizedTest
    @CsvSource({"3, is the character device 0/0", "4, is the block device 0/0", "6, is a fifo"})
    void devicesAndFifosAreRefusedWithASlashToo(String type, String words) throws Exception {
        byte[] archive = tar(": > p_; tar --format=gnu -cf x.tar p_");
        assertRefused(changed(changed(archive, 0, 0, "p/"), 0, TYPE_AT, type), RefusalReason.SPECIAL_FILE, words);
    }

    @Test
    void linksWhoseNamesEndInASlashAreLinks() throws Exception {
        byte[] archive = tar("echo a > f; ln f g_; ln -s target s_; tar --format=gnu -cf x.tar f g_ s_");
        Path unpacked = store.unpacked(changed(changed(archive, 2 * BLOCK, 0, "g/"), 3 * BLOCK, 0, "s/"));
        assertThat(Files.readSymbolicLink(unpacked.resolve("s"))).isEqualTo(Path.of("target"));
        assertThat((int) Files.getAttribute(unpacked.resolve("g"), "unix:nlink")).isEqualTo(2);
    }

    @Test
    void aLinkWithASizeIsRefusedBecauseProgramsDifferOnWhetherContentFollows() throws Exception {
        byte[] archive = tar("echo a > f; ln f g; ln -s target s; tar --format=gnu -cf x.tar f g s");
        for (int header : new int[]{2 * BLOCK, 3 * BLOCK}) {
            assertRefused(changed(archive, header, SIZE_AT, "00000000003"), RefusalReason.BAD_LINK, "is a link with a size of 3 bytes");
        }
    }

    @Test
    void thePathOfARecordGoesBeforeALongName() throws Exception {
        store.shell(
                "n=$(printf '%0150d' 0); echo a > $n; tar --format=gnu -cf gnu.tar $n; ln $n f; "
                        + "tar --format=posix --pax-option=path:=record -cf posix.tar f");
        byte[] gnu = store.bytes("gnu.tar");
        byte[] posix = store.bytes("posix.tar");
        byte[] both = Arrays.copyOf(gnu, 2 * BLOCK + posix.length);
        System.arraycopy(posix, 0, both, 2 * BLOCK, posix.length);
        Files.write(store.folder().resolve("both.tar"), both);
        assertThat(store.shell("tar -tf both.tar")).isEqualTo("record\n");
        assertThat(store.unpacked(both).toFile().list()).containsExactly("record");
    }

    @Test
    void anAbsolutePathOfARecordIsRefusedAsAnyOther() throws Exception {
        byte[] archive = tar("echo a > f; tar --format=posix --pax-option=path:=/etc/f -cf x.tar f");
        assertRefused(archive, RefusalReason.BAD_PATH, "is absolute");
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({
            "--format=gnu, first",
            "--format=posix --sparse-version=0.0, first",
            "--format=posix --sparse-version=0.1, first",
            "--format=posix --sparse-version=1.0, first",
            "bsdtar, first",
            "--format=gnu, many",
            "--format=posix --sparse-version=0.0, many",
            "--format=posix --sparse-version=0.1, many",
            "--format=posix --sparse-version=1.0, many",
            "bsdtar, many",
            "--format=gnu, holes",
            "--format=posix --sparse-version=0.0, holes",
            "--format=posix --sparse-version=0.1, holes",
            "--format=posix --sparse-version=1.0, holes",
            "bsdtar, holes"})
    void sparseFilesOfTarStaySparse(String format, String file) throws Exception {
        if (format.equals("bsdtar")) {
            Machine.assumeCommand(format);
        }
        byte[] archive = tar("""
                mkdir t; cd t
                some() { head -c $1 /dev/urandom | dd of=%2$s bs=4096 seek=$2 conv=notrunc status=none; }
                case %2$s in
                    first) some 4096 0; some 4096 4;;
                    many) i=0; while [ $i -lt 60 ]; do some $((1 + i * 131)) $((i * 4)); i=$((i+1)); done; truncate -s 1234567 many;;
                    holes) truncate -s 50M holes; some 3 12800; truncate -s 100000001 holes;;
                esac
                echo b > zz; cd ..; find t -exec touch -d @1700000000 {} +
                case '%1$s' in
                    bsdtar) bsdtar --format=pax -C t -cf x.tar .;;
                    *) tar -S %1$s -C t -cf x.tar .;;
                esac
                """.formatted(format, file));
        for (int piece : new int[]{Integer.MAX_VALUE, 1000, 1}) {
            if (piece > 1 || archive.length < 1 << 16) {
                Path unpacked = store.unpackedInPieces(archive, piece);
                assertSame(unpacked, "t");
                assertThat(TreePicture.allocatedBytes(unpacked)).isLessThan(1 << 20);
            }
        }
    }

    @Test
    void contentThatTheMapOfASparseFileLeavesOutIsNotReadAsEntries() throws Exception {
        byte[] archive = tar("""
                head -c 3584 /dev/urandom > invented; tar -cf inner.tar invented
                head -c 4096 /dev/urandom > s; head -c 4096 inner.tar | dd of=s bs=4096 seek=4 conv=notrunc status=none
                echo b > zz; tar -S --format=gnu -cf x.tar s zz
                """);
        assertThat(store.unpacked(archive).toFile().list()).containsExactlyInAnyOrder("s", "zz");
        // the second segment of the map has no bytes, and the file ends where it begins
        byte[] shorter = archive;
        for (int field : new int[]{SPARSE_MAP_AT + 24, SPARSE_MAP_AT + 48, REAL_SIZE_AT}) {
            shorter = changed(shorter, 0, field, "00000040000");
        }
        shorter = changed(shorter, 0, SPARSE_MAP_AT + 36, "00000000000");
        assertRefused(shorter, RefusalReason.MALFORMED, "the content that ends at offset 4608 of the tar stream is said to end at 8704");
    }

    @ParameterizedTest
    @ValueSource(strings = {"xz", "bzip2", "lz4"})
    void anotherCompressionIsNamed(String program) throws Exception {
        Machine.assumeCommand(program);
        byte[] packed = tar("echo a > a; tar -cf a.tar a; %s -c a.tar > x.tar".formatted(program));
        assertRefused(packed, RefusalReason.MALFORMED, "it is packed by %s, which is not taken".formatted(program));
        Machine.assumeCommand("zstd");
        assertRefused(
                tar("%s -c a.tar | zstd -q -c > x.tar".formatted(program)),
                RefusalReason.MALFORMED,
                "it is packed by %s, which is not taken".formatted(program));
    }

    @ParameterizedTest
    @CsvSource({"zstd, zstd", "gzip, zstd", "zstd, gzip", "gzip, gzip"})
    void anArchiveThatIsPackedTwiceIsNamed(String within, String outside) throws Exception {
        Machine.assumeCommand("zstd");
        assertRefused(
                tar("echo a > a; tar -cf - a | %s -c | %s -c > x.tar".formatted(within, outside)),
                RefusalReason.MALFORMED,
                "it is packed twice, within by %s, which is not taken".formatted(within));
    }

    @Test
    void gzipMembersFollowEachOther() throws Exception {
        byte[] packed = tar("echo a > a; tar -cf a.tar a; (head -c 700 a.tar | gzip -c; tail -c +701 a.tar | gzip -c) > x.tar");
        assertThat(store.unpacked(packed).resolve("a")).hasContent("a");
    }

    @Test
    void aDamagedGzipStreamIsRefused() throws Exception {
        byte[] packed = tar("head -c 100000 /dev/urandom > a; tar -cf - a | gzip -c > x.tar");
        assertRefused(Arrays.copyOf(packed, packed.length - 9), RefusalReason.MALFORMED, "cannot be read");
        byte[] checksum = packed.clone();
        checksum[packed.length - 8] ^= 1;
        assertRefused(checksum, RefusalReason.MALFORMED, "CRC32");
        byte[] garbage = Arrays.copyOf(packed, packed.length + 3);
        garbage[packed.length] = 'x';
        assertRefused(garbage, RefusalReason.MALFORMED, "Unexpected data after a valid .gz stream");
    }

    @Test
    void aFileNamedLikeAFormatIsNoPackedArchive() throws Exception {
        assertThat(store.unpacked(tar("echo a > BZh9; tar -cf x.tar BZh9")).resolve("BZh9")).hasContent("a");
    }
}
