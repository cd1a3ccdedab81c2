package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Captures that are restored: in other pages, whole or not at all. */
final class SnapshotTest extends SnapshotFixture {
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
}
