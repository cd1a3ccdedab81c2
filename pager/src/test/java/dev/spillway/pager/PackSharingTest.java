package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.SnapshotWriter.Captured;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Contents that several snapshots have are on the disk once, for as long as one of them is. */
final class PackSharingTest extends SnapshotFixture {
    @Test
    void equalStatesHaveOneDigestWhateverTheirPagesAndOrder() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            add(pool, "a", 3, 1, 1);
            add(pool, "b", 2, 0, 2);
            List<Integer> reversed = new ArrayList<>(other.allocatePages(6));
            Collections.reverse(reversed);
            other.freePages(reversed);
            add(other, "b", 2, 0, 2);
            add(other, "a", 3, 1, 1);

            assertThat(other.sequences()).isNotEqualTo(pool.sequences());
            assertThat(capture(other).snapshot().digest()).isEqualTo(capture(pool).snapshot().digest());
        }
    }

    @Test
    void equalBytesOfAnotherShapeAreNotShared() throws Exception {
        PagerMeta nhd = Metas.small();
        StatePool state = new StatePool("ssm", ElementType.F32, List.of(nhd.page().bytes() / ElementType.F32.bytes()));
        for (PagerMeta meta : List.of(
                nhd,
                Metas.of(DimensionOrder.HND, KeysAndValues.SEPARATE, List.of()),
                Metas.of(DimensionOrder.NHD, KeysAndValues.SEPARATE, List.of(state)))) {
            try (PagePool pool = pool(meta, 4); PagePool other = pool(meta, 4)) {
                pool.installSequences(List.of(new LogicalSequence("zeros", pool.allocatePages(2), 0)));
                Map<String, List<Object>> before = seen(pool);

                Snapshot.open(capture(pool).snapshot().directory()).restore(other, _ -> {});

                assertThat(seen(other)).isEqualTo(before);
            }
        }
    }

    @Test
    void aSecondCaptureOfTheSameStateAddsAManifestAlone() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 16); PagePool other = pool(Metas.hybrid(), 16)) {
            add(pool, "a", 5, 1, 1);
            Captured first = capture(pool);
            add(other, "a", 5, 1, 1);

            Captured again = capture(pool);
            Captured elsewhere = capture(other);

            assertThat(first.pagesWritten()).isEqualTo(7);
            assertThat(again.pagesWritten()).isZero();
            assertThat(elsewhere.pagesWritten()).isZero();
            assertThat(again.snapshot().digest()).isEqualTo(first.snapshot().digest());
            assertThat(again.bytesWritten()).isEqualTo(Files.size(again.snapshot().directory().resolve("manifest.json")));
            assertThat(inodes(again)).isEqualTo(inodes(first)).isEqualTo(inodes(elsewhere));
        }
    }

    private static Set<Object> inodes(Captured captured) throws IOException {
        try (Stream<Path> files = Files.list(captured.snapshot().directory())) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).map(file -> {
                try {
                    return Files.getAttribute(file, "unix:ino");
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }).collect(java.util.stream.Collectors.toSet());
        }
    }

    @Test
    void aSoundPagerIsCapturedThoughItsFormerPackIsDamaged() throws Exception {
        try (PagePool pool = pool(Metas.small(), 4); PagePool other = pool(Metas.small(), 4)) {
            add(pool, "a", 2, 1, 1);
            Path former = pack(capture(pool).snapshot().directory());
            try (FileChannel file = FileChannel.open(former, StandardOpenOption.WRITE)) {
                file.truncate(100);
            }

            Captured again = capture(pool);
            Snapshot.open(again.snapshot().directory()).restore(other, _ -> {});

            assertThat(again.pagesWritten()).isEqualTo(2);
            assertThat(seen(other)).isEqualTo(seen(pool));
            assertThat(again.snapshot().directory().resolve(former.getFileName())).doesNotExist();
        }
    }

    @Test
    void packsOfASnapshotThatIsKnownToBeDamagedAreNotLinked() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            add(pool, "a", 9, 1, 1);
            Snapshot first = capture(pool).snapshot();
            flipLastByte(pack(first.directory()));
            assertRefused(Reason.DAMAGED, "is not what was captured", () -> first.verify(_ -> {}));
            packs.distrust(first);

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(9);
            second.snapshot().restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    @Test
    void whatADamagedPackHadIsWrittenOnceMoreAndNotByEachCapture() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            add(pool, "a", 9, 1, 1);
            Snapshot first = capture(pool).snapshot();
            packs.distrust(first);
            capture(pool);
            add(other, "a", 9, 1, 1);

            Captured elsewhere = capture(other);

            assertThat(elsewhere.pagesWritten()).isZero();
            assertThat(elsewhere.snapshot().directory().resolve(pack(first.directory()).getFileName())).doesNotExist();
        }
    }

    @Test
    void aContentOfTwoPacksIsFoundInTheNewerOneAndForAsLongAsOneIsThere() throws Exception {
        try (PagePool pool = pool(Metas.small(), 32); PagePool other = pool(Metas.small(), 32)) {
            add(pool, "a", 20, 1, 1);
            Path first = capture(pool).snapshot().directory();
            writeMost(pool);
            // Less than half of the first pack is needed, so it is copied.
            assertThat(capture(pool).pagesWritten()).isEqualTo(20);

            add(other, "a", 20, 1, 1);
            writeMost(other);
            assertThat(capture(other).pagesWritten()).isZero();

            delete(first);
            packs.forgetMissing();
            other.removeSequence("a");
            add(other, "a", 20, 1, 1);
            assertThat(capture(other).pagesWritten()).as("the eleven that went with the first pack").isEqualTo(11);
        }
    }

    private static void writeMost(PagePool pool) throws InterruptedException {
        List<Integer> pages = pool.sequences().getFirst().pages();
        for (int at = 0; at < 11; at++) {
            pool.writePage(pages.get(at), random(512, 100 + at));
        }
    }

    @Test
    void damageThatACaptureMeetsIsWrittenAnewFromMemory() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            LogicalSequence sequence = add(pool, "a", 10, 1, 1);
            flipLastByte(pack(capture(pool).snapshot().directory()));
            for (int at = 0; at < 6; at++) {
                pool.writePage(sequence.pages().get(at), random(512, 100 + at));
            }

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(10);
            second.snapshot().restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    private static void flipLastByte(Path pack) throws IOException {
        try (FileChannel file = FileChannel.open(pack, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer last = ByteBuffer.allocate(1);
            file.read(last, file.size() - 1);
            file.write(last.put(0, (byte) (last.get(0) ^ 1)).flip(), file.size() - 1);
        }
    }

    @Test
    void manyContentsAreCopiedOutOfAPackOfWhichLessThanHalfIsNeeded() throws Exception {
        try (PagePool pool = pool(Metas.small(), 2_048); PagePool other = pool(Metas.small(), 2_048)) {
            add(pool, "most", 600, 1, 1);
            add(pool, "rest", 400, 1, 2);
            capture(pool);
            pool.removeSequence("most");

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(400);
            second.snapshot().restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    @Test
    void aSequenceThatGrowsFromCaptureToCaptureHasFewPacks() throws Exception {
        try (PagePool pool = pool(Metas.small(), 256); PagePool other = pool(Metas.small(), 256)) {
            Captured last = null;
            for (int number = 0; number < 100; number++) {
                add(pool, "grown-" + number, 1, 1, number);
                last = capture(pool);
            }

            Path directory = Objects.requireNonNull(last).snapshot().directory();
            try (Stream<Path> files = Files.list(directory)) {
                assertThat(files.count()).as("files").isLessThan(40);
            }
            Snapshot.open(directory).restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    @Test
    void equalContentsBeyondOnePackAreWrittenOnce() throws Exception {
        try (PagePool pool = pool(Metas.small(), 10_000)) {
            List<Integer> pages = pool.allocatePages(10_000);
            for (int page : pages) {
                pool.writePage(page, random(512, page % 2 == 0 ? -1 : page));
            }
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));

            assertThat(capture(pool).pagesWritten()).isEqualTo(5_001);
        }
    }

    @Test
    void morePagesThanAManifestHoldsAreRefusedBeforeAnythingIsWritten() {
        SnapshotWriter.requireRoomInManifest(20_000_000);
        assertRefused(Reason.EXHAUSTED, "a manifest of at most 536870912 bytes", () -> SnapshotWriter.requireRoomInManifest(30_000_000));
    }

    @Test
    void oneChangedPageWritesOnePage() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            LogicalSequence sequence = add(pool, "a", 9, 1, 1);
            capture(pool);
            pool.writePage(sequence.pages().get(4), random(512, 99));

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(1);
            second.snapshot().restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    @Test
    void aPageWrittenWithItsOldContentIsRecognised() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16)) {
            LogicalSequence sequence = add(pool, "a", 3, 1, 1);
            capture(pool);
            pool.writePage(sequence.pages().get(1), random(512, 1001));

            assertThat(capture(pool).pagesWritten()).isZero();
        }
    }

    @Test
    void aRestoredPagerThatIsCapturedWritesNoPage() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            add(pool, "a", 5, 1, 1);
            Path first = capture(pool).snapshot().directory();
            Packs afterRestart = new Packs();
            Snapshot snapshot = Snapshot.open(first);
            afterRestart.add(snapshot);
            snapshot.restore(other, _ -> {});
            other.writePage(other.sequences().getFirst().pages().get(0), random(512, 5));

            Captured captured = SnapshotWriter.capture(other, directory(), afterRestart, _ -> {});

            assertThat(captured.pagesWritten()).isEqualTo(1);
        }
    }

    @Test
    void aPackOfWhichLittleIsNeededIsNotKept() throws Exception {
        try (PagePool pool = pool(Metas.small(), 64); PagePool other = pool(Metas.small(), 64)) {
            LogicalSequence sequence = add(pool, "a", 20, 1, 1);
            Captured first = capture(pool);
            for (int at = 0; at < 11; at++) {
                pool.writePage(sequence.pages().get(at), random(512, 100 + at));
            }

            Captured second = capture(pool);

            assertThat(Collections.disjoint(inodes(second), inodes(first))).isTrue();
            assertThat(second.pagesWritten()).isEqualTo(20);
            second.snapshot().restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }

    @Test
    void aSnapshotOutlivesTheOneThatItSharesPacksWith() throws Exception {
        try (PagePool pool = pool(Metas.small(), 16); PagePool other = pool(Metas.small(), 16)) {
            LogicalSequence sequence = add(pool, "a", 9, 1, 1);
            Path first = capture(pool).snapshot().directory();
            pool.writePage(sequence.pages().get(4), random(512, 99));
            Captured second = capture(pool);
            delete(first);

            Snapshot.open(second.snapshot().directory()).restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
            assertThat(capture(pool).pagesWritten()).isZero();
            delete(second.snapshot().directory());
            for (int at = 3; at <= directories; at++) {
                delete(folder.resolve("snapshot-" + at));
            }

            assertThat(capture(pool).pagesWritten()).isEqualTo(9);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
