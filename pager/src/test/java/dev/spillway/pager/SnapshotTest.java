package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.SnapshotWriter.Captured;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

final class SnapshotTest {
    /** 2 MiB in pages of 512 bytes, which are one pack. */
    private static final int PAGES_OF_SEVERAL_THREADS = 4_096;
    @TempDir
    Path folder;
    private final Packs packs = new Packs();
    private int directories;

    private Path directory() throws IOException {
        directories++;
        return Files.createDirectory(folder.resolve("snapshot-" + directories));
    }

    private Captured capture(PagePool pool) throws IOException, InterruptedException {
        Path directory = directory();
        Captured captured = SnapshotWriter.capture(pool, directory, packs, _ -> {});
        SnapshotWriter.published(captured, directory, pool, packs);
        return captured;
    }

    private static PagePool pool(PagerMeta meta, int pages) {
        return PagePool.inMemory(meta, Metas.size(pages));
    }

    private static ByteBuffer random(long bytes, long seed) {
        byte[] content = new byte[Math.toIntExact(bytes)];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    /** Adds a sequence of new pages with random content. */
    private static LogicalSequence add(PagePool pool, String id, int pages, int lastPageTokens, long seed) throws InterruptedException {
        List<Integer> allocated = pool.allocatePages(pages);
        for (int at = 0; at < pages; at++) {
            pool.writePage(allocated.get(at), random(pool.meta().page().bytes(), seed * 1000 + at));
        }
        LogicalSequence sequence = new LogicalSequence(id, allocated, lastPageTokens);
        pool.installSequences(List.of(sequence));
        for (StatePool state : pool.meta().states()) {
            pool.writeState(id, state.name(), random(state.bytes(), seed * 1000 + 999));
        }
        return sequence;
    }

    /** Returns everything that an engine sees of a pager: sequences with contents, and which positions share a page. */
    private static Map<String, List<Object>> seen(PagePool pool) {
        Map<String, List<Object>> seen = new TreeMap<>();
        List<Integer> order = new ArrayList<>();
        for (LogicalSequence sequence : pool.sequences()) {
            List<Object> parts = new ArrayList<>();
            parts.add(sequence.lastPageTokens());
            for (int page : sequence.pages()) {
                if (!order.contains(page)) {
                    order.add(page);
                }
                parts.add(order.indexOf(page));
                parts.add(CachePagerContract.read(pool, page));
            }
            for (StatePool state : pool.meta().states()) {
                ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(state.bytes()));
                pool.readState(sequence.id(), state.name(), into);
                parts.add(into);
            }
            seen.put(sequence.id(), parts);
        }
        return seen;
    }

    private static void assertRefused(Reason reason, String why, ThrowingCallable call) {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(call)
                .withMessageContaining(why)
                .matches(refused -> refused.reason() == reason, reason.name());
    }

    /** Occupies some pages, so that a restore cannot use the same indices. */
    private static PagePool occupied(PagerMeta meta, int pages) throws InterruptedException {
        PagePool pool = pool(meta, pages);
        List<Integer> taken = pool.allocatePages(7);
        pool.freePages(List.of(taken.get(1), taken.get(4)));
        add(pool, "there", 1, 1, 77);
        return pool;
    }

    @ParameterizedTest
    @EnumSource(KeysAndValues.class)
    void sequencesAreRestoredInOtherPages(KeysAndValues places) throws Exception {
        PagerMeta meta = Metas.of(DimensionOrder.HND, places, List.of());
        try (PagePool pool = pool(meta, 16); PagePool other = occupied(meta, 16)) {
            LogicalSequence sequence = add(pool, "a", 5, 3, 1);
            pool.fork("a", "b");
            pool.ownPage("b", 4);
            Map<String, List<Object>> before = seen(pool);
            Map<String, List<Object>> there = seen(other);

            Snapshot snapshot = Snapshot.open(capture(pool).snapshot().directory());
            List<LogicalSequence> restored = snapshot.restore(other, _ -> {});

            assertThat(restored.getFirst().pages()).isNotEqualTo(sequence.pages());
            Map<String, List<Object>> after = seen(other);
            after.keySet().removeAll(there.keySet());
            assertThat(after).isEqualTo(before);
            assertThat(seen(pool)).isEqualTo(before);
        }
    }

    @Test
    void stateIsRestoredWithItsSequence() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8); PagePool other = occupied(Metas.hybrid(), 16)) {
            add(pool, "a", 2, 3, 1);
            add(pool, "b", 1, 0, 2);
            Map<String, List<Object>> before = seen(pool);

            capture(pool).snapshot().restore(other, _ -> {});

            other.removeSequence("there");
            assertThat(seen(other)).isEqualTo(before);
        }
    }

    @Test
    void aHundredRandomPagersAreRestored() throws Exception {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            try (PagePool pool = pool(Metas.hybrid(), 64); PagePool other = occupied(Metas.hybrid(), 64)) {
                int sequences = 1 + random.nextInt(4);
                for (int at = 0; at < sequences; at++) {
                    int pages = random.nextInt(6);
                    add(pool, "s" + at, pages, pages == 0 ? 0 : random.nextInt(4), random.nextInt(3));
                    if (random.nextBoolean()) {
                        pool.fork("s" + at, "f" + at);
                        if (pages > 0) {
                            pool.ownPage("f" + at, pages - 1);
                        }
                    }
                }
                Map<String, List<Object>> before = seen(pool);
                int free = other.freePageCount();

                Snapshot snapshot = Snapshot.open(capture(pool).snapshot().directory());
                snapshot.verify(_ -> {});
                snapshot.restore(other, _ -> {});

                other.removeSequence("there");
                assertThat(seen(other)).as("seed %d", seed).isEqualTo(before);
                before.keySet().forEach(other::removeSequence);
                assertThat(other.freePageCount()).isEqualTo(free + 1);
            }
        }
    }

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
        for (PagerMeta meta : List.of(nhd, Metas.of(DimensionOrder.HND, KeysAndValues.SEPARATE, List.of()),
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

    @Test
    void whatIsOfAnotherKindIsRefused() throws Exception {
        PagerMeta small = Metas.small();
        List<PagerMeta> others = List.of(
                new PagerMeta(Metas.OTHER_MODEL, small.page(), List.of()),
                Metas.of(DimensionOrder.HND, KeysAndValues.SEPARATE, List.of()),
                Metas.of(DimensionOrder.NHD, KeysAndValues.PACKED, List.of()),
                Metas.hybrid(),
                new PagerMeta(Metas.MODEL, new PageShape(2, 4, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                        List.of()),
                new PagerMeta(Metas.MODEL, new PageShape(4, 2, 2, 8, ElementType.F16, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                        List.of()));
        try (PagePool pool = pool(small, 8)) {
            add(pool, "a", 3, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            for (PagerMeta other : others) {
                try (PagePool refused = pool(other, 8)) {
                    assertThat(other.page().bytes()).isEqualTo(512);
                    assertRefused(Reason.MISMATCH, "of the snapshot", () -> snapshot.restore(refused, _ -> {}));
                    assertThat(refused.occupiedPages()).isEmpty();
                }
            }
        }
    }

    @Test
    void aRestoreThatDoesNotFitChangesNothing() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8);
                PagePool tight = pool(Metas.hybrid(), 4);
                PagePool few = PagePool.inMemory(Metas.hybrid(), new PagePool.Size(8, 1, 0, true));
                PagePool same = pool(Metas.hybrid(), 8)) {
            add(pool, "a", 3, 1, 1);
            add(pool, "b", 2, 1, 2);
            Snapshot snapshot = capture(pool).snapshot();
            add(same, "b", 1, 1, 3);
            Map<String, List<Object>> before = seen(same);

            assertRefused(Reason.EXHAUSTED, "5 pages", () -> snapshot.restore(tight, _ -> {}));
            assertRefused(Reason.EXHAUSTED, "2 sequences", () -> snapshot.restore(few, _ -> {}));
            assertRefused(Reason.EXISTS, "sequence b", () -> snapshot.restore(same, _ -> {}));

            assertThat(tight.freePageCount()).isEqualTo(4);
            assertThat(few.freePageCount()).isEqualTo(8);
            assertThat(same.freePageCount()).isEqualTo(7);
            assertThat(seen(same)).isEqualTo(before);
        }
    }

    @Test
    void aDamagedPageIsNamedAndNothingIsInstalled() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            bytes[bytes.length - 1] ^= 1;
            Files.write(pack, bytes);
            Snapshot damaged = Snapshot.open(directory);

            assertRefused(Reason.DAMAGED, "page 2 of sequence a", () -> damaged.restore(other, _ -> {}));
            assertRefused(Reason.DAMAGED, "page 2 of sequence a", () -> damaged.verify(_ -> {}));

            assertThat(other.sequences()).isEmpty();
            assertThat(other.freePageCount()).isEqualTo(8);
        }
    }

    @Test
    void theFirstOfSeveralDamagedPagesIsNamedWhicheverThreadFindsIt() throws Exception {
        try (PagePool pool = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS);
                PagePool other = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS)) {
            add(pool, "a", PAGES_OF_SEVERAL_THREADS, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            for (int page : new int[]{57, 58, 59, 60, 300}) {
                bytes[bytes.length - (PAGES_OF_SEVERAL_THREADS - page) * 512] ^= 1;
            }
            Files.write(pack, bytes);

            for (int time = 0; time < 20; time++) {
                assertRefused(Reason.DAMAGED, "page 57 of sequence a", () -> Snapshot.open(directory).restore(other, _ -> {}));
                assertThat(other.freePageCount()).isEqualTo(PAGES_OF_SEVERAL_THREADS);
            }
        }
    }

    @Test
    void aRestoreThatItsListenerEndsChangesNothing() throws Exception {
        try (PagePool pool = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS);
                PagePool other = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS)) {
            add(pool, "a", PAGES_OF_SEVERAL_THREADS, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();

            assertThatExceptionOfType(IOException.class).isThrownBy(() -> snapshot.restore(other, _ -> {
                throw new IOException("enough");
            })).withMessage("enough");

            assertThat(other.freePageCount()).isEqualTo(PAGES_OF_SEVERAL_THREADS);
            List<Long> told = new ArrayList<>();
            snapshot.restore(other, told::add);
            assertThat(seen(other)).isEqualTo(seen(pool));
            assertThat(told).isSorted().last().isEqualTo(512L * PAGES_OF_SEVERAL_THREADS);
        }
    }

    private static Path pack(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).findFirst().orElseThrow();
        }
    }

    @Test
    void twoValidPagesThatAreSwappedAreRefused() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            byte[] last = java.util.Arrays.copyOfRange(bytes, bytes.length - 512, bytes.length);
            System.arraycopy(bytes, bytes.length - 1024, bytes, bytes.length - 512, 512);
            System.arraycopy(last, 0, bytes, bytes.length - 1024, 512);
            Files.write(pack, bytes);

            assertRefused(Reason.DAMAGED, "page 1 of sequence a", () -> Snapshot.open(directory).restore(other, _ -> {}));
        }
    }

    @Test
    void aRightPageInAWrongPlaceIsRefusedThoughAllChecksumsAreRight() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            SnapshotManifest right = snapshot.manifest();
            SnapshotManifest.Sequence a = right.sequences().getFirst();
            List<SnapshotManifest.Page> pages = List.of(right.pages().get(1), right.pages().get(0), right.pages().get(2));
            SnapshotManifest swapped = SnapshotManifest.of(right.meta(), right.packs(), pages, right.sequences());
            SnapshotManifest renamed = SnapshotManifest.of(right.meta(), right.packs(), right.pages(),
                    List.of(new SnapshotManifest.Sequence("b", a.lastPageTokens(), a.pages(), a.checks(), a.states())));
            SnapshotManifest otherModel =
                    SnapshotManifest.of(new PagerMeta(Metas.OTHER_MODEL, right.meta().page(), List.of()), right.packs(),
                            right.pages(), right.sequences());

            assertThat(SnapshotManifest.parse(right.json())).isEqualTo(right);
            for (SnapshotManifest wrong : List.of(swapped, renamed, otherModel)) {
                assertRefused(Reason.DAMAGED, "belongs to another place", () -> SnapshotManifest.parse(wrong.json()));
            }
        }
    }

    @Test
    void manifestsThatCannotBeRightAreRefused() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8)) {
            add(pool, "a", 3, 1, 1);
            SnapshotManifest right = capture(pool).snapshot().manifest();
            SnapshotManifest.Sequence a = right.sequences().getFirst();
            List<SnapshotManifest.Page> pages = right.pages();

            assertWrong(right, pages, sequence(a, 4, a.pages()));
            assertWrong(right, pages, sequence(a, -1, a.pages()));
            assertWrong(right, pages, sequence(a, 1, List.of(0, 1, 1)));
            assertWrong(right, pages, sequence(a, 1, List.of(0, 1)));
            assertWrong(right, pages, new SnapshotManifest.Sequence("a", 1, a.pages(), a.checks(), new TreeMap<>()));
            assertWrong(right, pages, a, a);
            assertWrong(right, List.of(pages.get(0), pages.get(1), new SnapshotManifest.Page(pages.get(2).hash(), 1, 0)), a);
            assertWrong(right, List.of(pages.get(0), pages.get(1), new SnapshotManifest.Page(pages.get(2).hash(), 0, -1)), a);
            assertWrong(right, Stream.concat(pages.stream(), Stream.of(pages.getFirst())).toList(), a);
        }
    }

    @Test
    void aManifestOfAnotherVersionIsToldFromADamagedOne() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            String json = new String(capture(pool).snapshot().manifest().json(), StandardCharsets.UTF_8);
            for (String other : List.of(json.replace("\"version\":1", "\"version\":2"),
                    json.replace("\"version\":1", "\"version\":2,\"more\":true"))) {
                assertRefused(Reason.MISMATCH, "version 2 (expected: 1)",
                        () -> SnapshotManifest.parse(other.getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private static SnapshotManifest.Sequence sequence(SnapshotManifest.Sequence a, int lastPageTokens, List<Integer> pages) {
        return new SnapshotManifest.Sequence(a.id(), lastPageTokens, pages, a.checks(), a.states());
    }

    private static void assertWrong(SnapshotManifest right, List<SnapshotManifest.Page> pages, SnapshotManifest.Sequence... sequences) {
        SnapshotManifest wrong = SnapshotManifest.of(right.meta(), right.packs(), pages, List.of(sequences));
        assertRefused(Reason.DAMAGED, "manifest: ", () -> SnapshotManifest.parse(wrong.json()));
    }

    @Test
    void noFlippedBitAndNoCutOfAManifestIsRead() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8)) {
            add(pool, "a", 3, 1, 1);
            byte[] json = capture(pool).snapshot().manifest().json();
            for (int cut = 0; cut < json.length; cut += 7) {
                byte[] shorter = java.util.Arrays.copyOf(json, cut);
                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> SnapshotManifest.parse(shorter));
            }
            Random random = new Random(5);
            for (int round = 0; round < 2000; round++) {
                byte[] flipped = json.clone();
                flipped[random.nextInt(json.length)] ^= (byte) (1 << random.nextInt(8));
                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> SnapshotManifest.parse(flipped));
            }
        }
    }

    @Test
    void noRandomChangeOfAPacksHeaderIsServedAsTheSnapshot() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Map<String, List<Object>> before = seen(pool);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] right = Files.readAllBytes(pack);
            int header = right.length - 3 * 512;
            Random random = new Random(6);
            int refused = 0;
            for (int round = 0; round < 3_000; round++) {
                byte[] wrong = right.clone();
                // Most of the header is room, so half of the changes hit what says something.
                int at = random.nextBoolean() ? random.nextInt(500) : random.nextInt(header);
                wrong[at] ^= (byte) (1 + random.nextInt(255));
                Files.write(pack, wrong);
                try {
                    Snapshot.open(directory).restore(other, _ -> {});
                    assertThat(seen(other)).isEqualTo(before);
                    other.removeSequence("a");
                } catch (PagerRefusedException e) {
                    refused++;
                    assertThat(e.reason()).isEqualTo(Reason.DAMAGED);
                }
                assertThat(other.freePageCount()).isEqualTo(8);
            }
            assertThat(refused).isGreaterThan(600);
        }
    }

    @Test
    void aPackThatIsCutOffLongerMissingOrALinkIsRefused() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] right = Files.readAllBytes(pack);
            for (int length : new int[]{0, 7, 8, 100, right.length - 512, right.length - 1}) {
                Files.write(pack, java.util.Arrays.copyOf(right, length));
                assertRefused(Reason.DAMAGED, "pack", () -> Snapshot.open(directory).restore(other, _ -> {}));
            }
            Files.write(pack, java.util.Arrays.copyOf(right, right.length + 1));
            assertRefused(Reason.DAMAGED, "pack", () -> Snapshot.open(directory).restore(other, _ -> {}));
            Files.delete(pack);
            assertRefused(Reason.DAMAGED, "is missing", () -> Snapshot.open(directory).restore(other, _ -> {}));
            Files.createSymbolicLink(pack, Files.write(folder.resolve("right"), right));
            assertRefused(Reason.DAMAGED, "is no regular file", () -> Snapshot.open(directory).restore(other, _ -> {}));
            assertRefused(Reason.DAMAGED, "is no regular file", () -> Snapshot.open(directory).verify(_ -> {}));
            assertThat(other.freePageCount()).isEqualTo(8);

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(3);
            assertThat(Files.isRegularFile(pack(second.snapshot().directory()), LinkOption.NOFOLLOW_LINKS)).isTrue();
            second.snapshot().restore(other, _ -> {});
            Path manifest = directory.resolve("manifest.json");
            Files.move(manifest, folder.resolve("manifest"));
            Files.createSymbolicLink(manifest, folder.resolve("manifest"));
            assertRefused(Reason.MISMATCH, "has no manifest", () -> Snapshot.open(directory));
        }
    }

    @Test
    void twoRestoresAtOnceAreBothWholeOrRefused() throws Exception {
        try (PagePool pool = pool(Metas.small(), 64)) {
            add(pool, "a", 20, 1, 1);
            Snapshot a = capture(pool).snapshot();
            pool.removeSequence("a");
            add(pool, "b", 20, 1, 2);
            Snapshot b = capture(pool).snapshot();
            try (PagePool other = pool(Metas.small(), 40)) {
                List<Snapshot> snapshots = IntStream.range(0, 8).mapToObj(at -> at % 2 == 0 ? a : b).toList();
                long whole = snapshots.parallelStream().filter(snapshot -> {
                    try {
                        snapshot.restore(other, _ -> {});
                        return true;
                    } catch (PagerRefusedException e) {
                        return false;
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }).count();

                assertThat(other.sequences()).hasSize((int) whole);
                assertThat(other.freePageCount()).isEqualTo(40 - 20 * (int) whole);
                assertThat(whole).isBetween(1L, 2L);
            }
        }
    }

    @Test
    void aPackIsReadByTheRulesOfSafetensorsAlone() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            byte[] bytes = Files.readAllBytes(pack(capture(pool).snapshot().directory()));
            ByteBuffer file = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            int header = Math.toIntExact(file.getLong(0));
            var json = new com.fasterxml.jackson.databind.ObjectMapper()
                    .readTree(new String(bytes, 8, header, StandardCharsets.UTF_8));
            int end = 0;
            for (int at = 0; at < 3; at++) {
                var tensor = json.get(Integer.toString(at));
                assertThat(tensor.get("dtype").asText()).isEqualTo("F32");
                assertThat(tensor.get("shape").toString()).isEqualTo("[2,2,4,2,4]");
                assertThat(tensor.get("data_offsets").get(0).asInt()).isEqualTo(end);
                end = tensor.get("data_offsets").get(1).asInt();
            }
            assertThat(json.get("__metadata__").properties()).allMatch(entry -> entry.getValue().isTextual());
            assertThat(bytes[8]).isEqualTo((byte) '{');
            assertThat(8 + header + end).isEqualTo(bytes.length);
        }
    }

    @Test
    void aModelThatIsUnknownEqualsNothing() {
        assertThatExceptionOfType(dev.spillway.events.InvalidValueException.class)
                .isThrownBy(() -> new PagerMeta(new dev.spillway.events.ContentDigest("0".repeat(64)), Metas.small().page(), List.of()));
    }
}
