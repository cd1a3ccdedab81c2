package dev.spillway.pager;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Captures while an engine writes. */
final class FrozenWriterTest {
    private static final int PAGES = 200;

    @TempDir
    Path folder;

    private static ByteBuffer filled(PagePool pool, long number) {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(pool.meta().page().bytes()));
        while (content.hasRemaining()) {
            content.putLong(number);
        }
        return content.flip();
    }

    private static long number(PagePool pool, int page) {
        ByteBuffer content = CachePagerContract.read(pool, page);
        long number = content.getLong(0);
        assertThat(content).isEqualTo(filled(pool, number));
        return number;
    }

    /** An engine that writes one page after the other, each with the number of its write. A state of it is known by any page: no page is older than a round. */
    private static final class Engine implements AutoCloseable {
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final AtomicLong writes = new AtomicLong();
        private final CompletableFuture<Void> running;

        Engine(PagePool pool, List<Integer> pages) {
            running = CompletableFuture.runAsync(() -> {
                try {
                    while (!stopped.get()) {
                        long write = writes.get();
                        pool.writePage(pages.get((int) (write % PAGES)), filled(pool, write));
                        writes.incrementAndGet();
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        @Override
        public void close() {
            stopped.set(true);
            running.orTimeout(5, TimeUnit.MINUTES).join();
        }
    }

    @Test
    void aSnapshotIsTheStateOfOneMoment() throws Exception {
        Packs packs = new Packs();
        try (PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(PAGES));
                PagePool other = PagePool.inMemory(Metas.small(), Metas.size(PAGES))) {
            List<Integer> pages = pool.allocatePages(PAGES);
            for (int page : pages) {
                pool.writePage(page, filled(pool, -1));
            }
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
            try (Engine engine = new Engine(pool, pages)) {
                for (int round = 0; round < 30; round++) {
                    long before = engine.writes.get();
                    Path directory = Files.createDirectory(folder.resolve("s" + round));
                    SnapshotWriter.Captured captured = SnapshotWriter.capture(pool, directory, packs, _ -> {});
                    SnapshotWriter.published(captured, directory, pool, packs);

                    List<Integer> restored = captured.snapshot().restore(other, _ -> {}).getFirst().pages();
                    long last = restored.stream().mapToLong(page -> number(other, page)).max().orElseThrow();
                    for (int at = 0; at < PAGES; at++) {
                        long expected = last - Math.floorMod(last - at, PAGES);
                        assertThat(number(other, restored.get(at))).as("page %d of a state after write %d", at, last)
                                .isEqualTo(Math.max(-1, expected));
                    }
                    assertThat(last).isGreaterThanOrEqualTo(before - 1);
                    other.removeSequence("a");
                }
            }
        }
    }

    @Test
    void aWriterThatFindsNoRoomToSaveGoesOnWhenTheReaderHasTakenSome() throws Exception {
        // Of 1 MiB, so that there is room for 64.
        PageShape large = new PageShape(4, 2, 2, 8192, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE);
        int count = 80;
        try (PagePool pool = PagePool.inMemory(new PagerMeta(Metas.MODEL, large, List.of()), Metas.size(count))) {
            List<Integer> pages = pool.allocatePages(count);
            for (int page : pages) {
                pool.writePage(page, filled(pool, 1));
            }
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
            CompletableFuture<Void> writer;
            AtomicLong written = new AtomicLong();
            try (FrozenPages frozen = pool.freeze()) {
                writer = CompletableFuture.runAsync(() -> {
                    try {
                        for (int page : pages) {
                            pool.writePage(page, filled(pool, 2));
                            written.incrementAndGet();
                        }
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
                long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
                while (written.get() < 64 && System.nanoTime() < deadline) {
                    Thread.onSpinWait();
                }
                assertThat(written.get()).isEqualTo(64);
                ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
                java.util.BitSet all = new java.util.BitSet();
                pages.forEach(all::set);
                frozen.read(all);
                int read = 0;
                while (frozen.next(buffer) >= 0) {
                    assertThat(buffer).isEqualTo(filled(pool, 1));
                    read++;
                }
                assertThat(read).isEqualTo(count);
            }
            writer.get(5, TimeUnit.MINUTES);
            assertThat(pages).allMatch(page -> number(pool, page) == 2);
        }
    }

    @Test
    void aPageThatIsFreedAndTakenAnewStaysInTheSnapshot() throws Exception {
        try (PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(4));
                PagePool other = PagePool.inMemory(Metas.small(), Metas.size(4))) {
            List<Integer> pages = pool.allocatePages(2);
            pool.writePage(pages.get(0), filled(pool, 1));
            pool.writePage(pages.get(1), filled(pool, 2));
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
            AtomicBoolean changed = new AtomicBoolean();

            SnapshotWriter.Captured captured = SnapshotWriter.capture(pool, folder, new Packs(), _ -> {
                if (changed.compareAndSet(false, true)) {
                    pool.removeSequence("a");
                    try {
                        for (int page : pool.allocatePages(4)) {
                            pool.writePage(page, filled(pool, 3));
                        }
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });

            List<Integer> restored = captured.snapshot().restore(other, _ -> {}).getFirst().pages();
            assertThat(number(other, restored.get(0))).isEqualTo(1);
            assertThat(number(other, restored.get(1))).isEqualTo(2);
            SnapshotWriter.published(captured, folder, pool, new Packs());
            assertThat(changed).isTrue();
        }
    }

    @Test
    void aRestoreIntoPagesThatACaptureHasNotReadLeavesTheSnapshotWhole() throws Exception {
        Path others = Files.createDirectory(folder.resolve("others"));
        Path own = Files.createDirectory(folder.resolve("own"));
        try (PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(3));
                PagePool other = PagePool.inMemory(Metas.small(), Metas.size(3))) {
            other.installSequences(List.of(new LogicalSequence("b", other.allocatePages(3), 0)));
            for (int page : other.occupiedPages()) {
                other.writePage(page, filled(other, 9));
            }
            Snapshot snapshot = SnapshotWriter.capture(other, others, new Packs(), _ -> {}).snapshot();
            List<Integer> pages = pool.allocatePages(3);
            for (int at = 0; at < 3; at++) {
                pool.writePage(pages.get(at), filled(pool, at));
            }
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
            AtomicBoolean changed = new AtomicBoolean();

            SnapshotWriter.Captured captured = SnapshotWriter.capture(pool, own, new Packs(), _ -> {
                if (changed.compareAndSet(false, true)) {
                    pool.removeSequence("a");
                    snapshot.restore(pool, _ -> {});
                }
            });

            other.removeSequence("b");
            List<Integer> restored = captured.snapshot().restore(other, _ -> {}).getFirst().pages();
            for (int at = 0; at < 3; at++) {
                assertThat(number(other, restored.get(at))).isEqualTo(at);
            }
        }
    }

    @Test
    void aCaptureEndsWhenThePagerCloses() throws Exception {
        PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(PAGES));
        List<Integer> pages = pool.allocatePages(PAGES);
        pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        CompletableFuture<Throwable> capture = CompletableFuture.supplyAsync(() -> {
            try {
                SnapshotWriter.capture(pool, folder, new Packs(), _ -> {
                    begun.countDown();
                    try {
                        closed.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
                return new AssertionError("captured");
            } catch (Exception e) {
                return e;
            }
        });
        begun.await();
        pool.close();
        closed.countDown();

        assertThat(capture.get(5, TimeUnit.MINUTES)).isInstanceOf(PagerRefusedException.class)
                .matches(refused -> ((PagerRefusedException) refused).reason() == PagerRefusedException.Reason.CLOSED);
    }

    @Test
    void aCaptureUnderAPauseOfItsCallerEndsNoPause() throws Exception {
        try (PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(4))) {
            List<Integer> pages = pool.allocatePages(1);
            pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
            pool.pause();

            SnapshotWriter.capture(pool, folder, new Packs(), _ -> {});

            CompletableFuture<Void> write = CompletableFuture.runAsync(() -> {
                try {
                    pool.writePage(pages.getFirst(), filled(pool, 1));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThatExceptionOfType(java.util.concurrent.TimeoutException.class).isThrownBy(() -> write.get(100, TimeUnit.MILLISECONDS));
            pool.resume();
            write.get(5, TimeUnit.MINUTES);
        }
    }
}
