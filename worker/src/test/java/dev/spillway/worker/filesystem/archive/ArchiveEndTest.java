package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.TreePicture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** An archive is read to its very end, packed or not, and bytes behind the end are not ignored. */
class ArchiveEndTest {
    private static final byte[] EMPTY_SKIPPABLE_FRAME = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    private static final byte[] LAST_SKIPPABLE_FRAME = {0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'n', 'y'};

    private ArchiveStore store;

    @BeforeEach
    void open() throws Exception {
        store = new ArchiveStore();
    }

    @AfterEach
    void remove() throws Exception {
        store.remove();
    }

    private static byte[] joined(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.write(part);
        }
        return all.toByteArray();
    }

    /** An archive of one file by tar, unpacked and packed. */
    private byte[] archive(String name, String suffix) throws Exception {
        store.shell("echo %1$s > %1$s; tar -cf %1$s.tar %1$s".formatted(name));
        if (!suffix.isEmpty()) {
            Machine.assumeCommand("zstd");
            store.shell("zstd -q --check %1$s.tar -o %1$s.tar.zst".formatted(name));
        }
        return store.bytes(name + ".tar" + suffix);
    }

    private void assertMalformed(byte[] archive, String detail) throws Exception {
        StageOutcome.Refused refused = store.refused(archive);
        assertThat(refused.reason()).isEqualTo(RefusalReason.MALFORMED);
        assertThat(refused.path()).isEqualTo(".");
        assertThat(refused.detail()).contains(detail);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".zst"})
    void oneArchiveBehindAnotherIsRefusedBecauseOnlyOneOfThemWouldBeStored(String suffix) throws Exception {
        assertMalformed(joined(archive("a", suffix), archive("b", suffix)), "holds more behind its end mark, at offset 10240 of the tar");
    }

    @Test
    void bytesBehindTheEndMarkAreRefusedWhereverTheyAre() throws Exception {
        byte[] archive = archive("a", "");
        byte[] random = new byte[1 << 20];
        new Random(1).nextBytes(random);
        assertMalformed(joined(archive, random), "holds more behind its end mark, at offset 10240");
        assertMalformed(joined(archive, new byte[5000], new byte[]{1}), "holds more behind its end mark, at offset 15240");
        for (int at : new int[]{1024 + 512, 1024 + 512 + 511, 1024 + 1024, 10239}) {
            byte[] changed = archive.clone();
            changed[at] = 'x';
            assertMalformed(changed, "holds more behind its end mark, at offset " + at);
        }
    }

    @Test
    void zerosBehindTheEndMarkAreNothing() throws Exception {
        byte[] archive = archive("a", "");
        for (byte[] padded : new byte[][]{
                joined(archive, new byte[1 << 20]),
                joined(archive, new byte[77]),
                Arrays.copyOf(archive, 1536),
                Arrays.copyOf(archive, 2048)}) {
            assertThat(store.unpacked(padded).resolve("a")).hasContent("a");
        }
    }

    @Test
    void anArchiveCutBehindAFileOfZerosIsNotTakenForAWholeOne() throws Exception {
        store.shell("truncate -s 4096 zeros; echo b > b; tar -cf two.tar zeros b");
        byte[] cut = Arrays.copyOf(store.bytes("two.tar"), 512 + 4096);
        assertThat(store.refused(cut).detail()).contains("it ends without its end mark");
    }

    @Test
    void aLongNameWithoutAnEntryIsNotTakenForTheEnd() throws Exception {
        store.shell("n=$(printf '%0150d' 0); echo a > a; echo b > $n; tar --format=gnu -cf long.tar a $n");
        byte[] cut = Arrays.copyOf(store.bytes("long.tar"), 1024 + 1024);
        assertThat(store.refused(joined(cut, new byte[1024])).detail()).contains("a long name with no entry behind it");
    }

    @Test
    void aChecksumIsCheckedHoweverMuchPaddingThereIs() throws Exception {
        Machine.assumeCommand("zstd");
        byte[] content = new byte[400];
        new Random(2).nextBytes(content);
        Files.write(store.folder().resolve("random"), content);
        store.shell("tar -b 40 -cf random.tar random; zstd -q --check random.tar -o random.tar.zst");
        byte[] packed = store.bytes("random.tar.zst");
        assertThat(store.unpacked(packed).resolve("random")).hasBinaryContent(content);
        int literal = 0;
        while (!Arrays.equals(packed, literal, literal + 16, content, 100, 116)) {
            literal++;
        }
        packed[literal] ^= 4;
        assertMalformed(packed, "checksum");
    }

    @Test
    void aFrameThatIsCutIsRefusedWhereverItIsCut() throws Exception {
        byte[] packed = archive("a", ".zst");
        for (int missing = 1; missing < packed.length; missing++) {
            if (packed.length - missing >= 4) {
                assertThat(store.refused(Arrays.copyOf(packed, packed.length - missing)).detail()).contains("cut");
            }
            byte[] second = joined(EMPTY_SKIPPABLE_FRAME, Arrays.copyOf(packed, packed.length - missing));
            assertThat(store.refused(second).detail()).contains("cut");
        }
        assertThat(store.refused(joined(packed, Arrays.copyOf(packed, 3))).detail()).contains("cut");
        assertThat(store.refused(joined(packed, Arrays.copyOf(LAST_SKIPPABLE_FRAME, 10))).detail()).contains("cut");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 1000})
    void bytesBehindTheLastFrameAreRefused(int count) throws Exception {
        byte[] more = new byte[count];
        Arrays.fill(more, (byte) 'x');
        assertMalformed(joined(archive("a", ".zst"), more), "holds what is no zstd frame");
    }

    @Test
    void framesThatFollowEachOtherAreOneStreamWithSkippableOnesAnywhere() throws Exception {
        Machine.assumeCommand("pzstd");
        store.shell("""
                mkdir d; i=0; while [ $i -lt 60 ]; do head -c 100000 /dev/urandom > d/$i; i=$((i+1)); done
                tar --format=posix -cf d.tar d; pzstd -q -p 2 d.tar -o d.tar.zst
                head -c 3000001 d.tar > first; tail -c +3000002 d.tar > second; zstd -q first second
                """);
        for (byte[] packed : new byte[][]{
                store.bytes("d.tar.zst"),
                joined(
                        EMPTY_SKIPPABLE_FRAME,
                        store.bytes("first.zst"),
                        LAST_SKIPPABLE_FRAME,
                        EMPTY_SKIPPABLE_FRAME,
                        store.bytes("second.zst"),
                        LAST_SKIPPABLE_FRAME)}) {
            assertThat(
                    TreePicture.differences(
                            TreePicture.of(store.unpacked(packed).resolve("d")),
                            TreePicture.of(store.folder().resolve("d"))))
                    .isEmpty();
        }
    }

    @Test
    void aWindowOverTheLimitIsNamedWithTheLimit() throws Exception {
        Machine.assumeCommand("zstd");
        store.shell("echo a > a; tar -cf - a | zstd -q --long=31 -c > window.zst; tar -cf - a | zstd -q --long=27 -c > most.zst");
        assertMalformed(store.bytes("window.zst"), "needs a window of 2147483648 bytes (expected: at most 134217728");
        assertThat(store.unpacked(store.bytes("most.zst")).resolve("a")).hasContent("a");
    }
}
