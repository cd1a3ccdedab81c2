package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Pages that a restore fills: they are nobody else's until its sequences are there. */
final class ReservedPagesTest extends SnapshotFixture {
    private static final int PAGES = 5;
    private static final int LARGE_PAGE_BYTES = 4 << 20;

    /** A use of a page by its number. */
    private interface Use {
        void of(PagePool pool, int page) throws InterruptedException;
    }

    @Test
    void aClientUsesNoPageThatARestoreFills() throws Exception {
        List<Use> uses = List.of(
                (pool, page) -> pool.writePage(page, CachePagerContract.content(pool.meta(), 9)),
                CachePagerContract::read,
                (pool, page) -> pool.freePages(List.of(page)),
                (pool, page) -> pool.installSequences(List.of(new LogicalSequence("other", List.of(page), 0))));
        try (PagePool pool = pool(Metas.hybrid(), PAGES)) {
            add(pool, "a", PAGES, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            for (Use use : uses) {
                try (PagePool other = pool(Metas.hybrid(), PAGES)) {
                    snapshot.restore(other, _ -> {
                        for (int page = 0; page < PAGES; page++) {
                            int reserved = page;
                            assertRefused(Reason.RESERVED, "page " + page, () -> use.of(other, reserved));
                        }
                        assertThat(other.occupiedPages()).isEmpty();
                    });

                    assertThat(seen(other)).isEqualTo(seen(pool));
                    assertThat(other.occupiedPages()).hasSize(PAGES);
                }
            }
        }
    }

    @Test
    void engineSeesWhichSlotsARestoreFills() throws Exception {
        Path file = folder.resolve("pager");
        try (PagePool pool = pool(Metas.hybrid(), PAGES);
                PagePool other = PagePool.inFile(Metas.hybrid(), Metas.size(PAGES), file);
                FileChannel engine = FileChannel.open(file, StandardOpenOption.READ)) {
            add(pool, "a", PAGES - 1, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            List<Integer> during = new ArrayList<>();

            assertRefused(Reason.INVALID, "enough", () -> snapshot.restore(other, _ -> {
                during.addAll(reserved(engine));
                throw new PagerRefusedException(Reason.INVALID, "enough");
            }));

            // The pages, and a slot of each of two pools of state.
            assertThat(during).hasSize(PAGES - 1 + 2);
            assertThat(reserved(engine)).isEmpty();
            snapshot.restore(other, _ -> assertThat(reserved(engine)).hasSameSizeAs(during));
            assertThat(reserved(engine)).isEmpty();
            other.fork("a", "b");
            other.ownPage("b", 0);
            assertThat(reserved(engine)).isEmpty();
        }
    }

    private static List<Integer> reserved(FileChannel engine) {
        int slots = new PageFileLayout(Metas.hybrid(), PAGES, Metas.size(PAGES).sequences(), 0).slots();
        return IntStream.range(0, slots).filter(slot -> {
            ByteBuffer field = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            try {
                engine.read(field, PageFileLayout.RECORDS_OFFSET + (long) slot * PageFileLayout.RECORD_BYTES + 40);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return field.getInt(0) == 1;
        }).boxed().toList();
    }

    /** An engine that keeps no rule: the restore is whole, or refused with the page, and the snapshot stays what it is. */
    @Test
    @Timeout(300)
    void aReservedPageThatAnEngineWritesIsNamedAndTheSnapshotIsSound() throws Exception {
        PagerMeta meta = new PagerMeta(
                Metas.small().model(),
                new PageShape(1024, 4, 4, 64, ElementType.F16, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                List.of());
        assertThat(meta.page().bytes()).isEqualTo(LARGE_PAGE_BYTES);
        Path file = folder.resolve("pager");
        try (PagePool pool = pool(meta, 1); PagePool other = PagePool.inFile(meta, Metas.size(1), file); Arena arena = Arena.ofShared()) {
            add(pool, "a", 1, 0, 1);
            Snapshot snapshot = capture(pool).snapshot();
            MemorySegment engine;
            try (FileChannel mapped = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                engine = mapped.map(
                        MapMode.READ_WRITE,
                        new PageFileLayout(meta, 1, 0, Metas.size(1).saves()).dataOffset(),
                        LARGE_PAGE_BYTES,
                        arena);
            }
            Thread writer = Thread.ofPlatform().start(() -> {
                Random random = new Random(14);
                while (!Thread.currentThread().isInterrupted()) {
                    engine.set(ValueLayout.JAVA_LONG, random.nextInt(LARGE_PAGE_BYTES / Long.BYTES) * (long) Long.BYTES, random.nextLong());
                }
            });
            try {
                PagerRefusedException refused = null;
                while (refused == null) {
                    try {
                        snapshot.restore(other, _ -> {});
                        other.removeSequence("a");
                    } catch (PagerRefusedException e) {
                        refused = e;
                    }
                }

                assertThat(refused).hasMessageStartingWith("page 0 of sequence a").hasMessageContaining("the snapshot is sound");
                assertThat(refused.reason()).isEqualTo(Reason.MEMORY_DAMAGED);
                assertThat(other.freePageCount()).isEqualTo(1);
            } finally {
                writer.interrupt();
                writer.join();
            }
            snapshot.verify(_ -> {});
            snapshot.restore(other, _ -> {});
            assertThat(seen(other)).isEqualTo(seen(pool));
        }
    }
}
