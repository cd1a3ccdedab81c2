package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Slots that get another owner while a read or a write of the former one is under way. */
final class SlotOwnersTest {
    /** 1 MiB, so that a capture has room for 64 saves. */
    private static final PageShape LARGE = new PageShape(4, 2, 2, 8192, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE);
    private static final int ROOM = 64;
    private static final StatePool STATE = new StatePool("ssm", ElementType.F32, List.of(64L << 10));

    private static ByteBuffer filled(long bytes, long number) {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(bytes));
        while (content.hasRemaining()) {
            content.putLong(number);
        }
        return content.flip();
    }

    private static ByteBuffer page(long number) {
        return filled(LARGE.bytes(), number);
    }

    private static ByteBuffer state(long number) {
        return filled(STATE.bytes(), number);
    }

    /** A use of a pager that may wait. */
    private interface Use {
        void run() throws InterruptedException;
    }

    private static CompletableFuture<Void> inBackground(Use use) {
        return CompletableFuture.runAsync(() -> {
            try {
                use.run();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Begins a write that finds no room in a capture, and returns once it waits for some. */
    private static CompletableFuture<Void> waiting(Use write) {
        CompletableFuture<Void> written = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                write.run();
                written.complete(null);
            } catch (InterruptedException | PagerRefusedException e) {
                written.completeExceptionally(e);
            }
        });
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            assertThat(written).isNotDone();
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        return written;
    }

    /** A capture whose room is taken by writes to the first pages. */
    private static FrozenPages withoutRoom(PagePool pool, List<Integer> pages) throws InterruptedException {
        FrozenPages frozen = pool.freeze();
        for (int page : pages.subList(0, ROOM)) {
            pool.writePage(page, page(2));
        }
        return frozen;
    }

    private static void readAll(FrozenPages frozen, List<Integer> slots) {
        BitSet all = new BitSet();
        slots.forEach(all::set);
        frozen.read(all);
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(LARGE.bytes()));
        List<Integer> read = new ArrayList<>();
        for (int slot = frozen.next(buffer); slot >= 0; slot = frozen.next(buffer)) {
            read.add(slot);
        }
        assertThat(read).containsExactlyInAnyOrderElementsOf(slots);
    }

    private static void assertRefused(Reason reason, CompletableFuture<Void> late) {
        assertThatThrownBy(() -> late.get(5, TimeUnit.MINUTES)).cause()
                .isInstanceOfSatisfying(PagerRefusedException.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    /** A pager with more pages than a capture has room for; sequence "full" has the first, and "old" the last. */
    private static PagePool pool(List<StatePool> states) throws InterruptedException {
        PagePool pool = PagePool.inMemory(new PagerMeta(Metas.MODEL, LARGE, states), new PagePool.Size(ROOM + 1, 4, 0, true));
        List<Integer> pages = pool.allocatePages(ROOM + 1);
        for (int page : pages) {
            pool.writePage(page, page(1));
        }
        pool.installSequences(
                List.of(
                        new LogicalSequence("full", pages.subList(0, ROOM), 0),
                        new LogicalSequence("old", pages.subList(ROOM, ROOM + 1), 0)));
        return pool;
    }

    @Test
    void aWriteThatWaitsLeavesAPageAloneThatAnotherSequenceHasGot() throws Exception {
        try (PagePool pool = pool(List.of())) {
            List<Integer> pages = pool.occupiedPages();
            int page = pages.getLast();
            CompletableFuture<Void> late;
            CompletableFuture<Void> own;
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                late = waiting(() -> pool.writePage(page, page(666)));
                pool.removeSequence("old");
                assertThat(pool.allocatePages(1)).containsExactly(page);
                own = inBackground(() -> pool.writePage(page, page(7)));
                readAll(frozen, pages);
            }
            own.get(5, TimeUnit.MINUTES);

            assertRefused(Reason.BUSY, late);
            assertThat(CachePagerContract.read(pool, page)).isEqualTo(page(7));
        }
    }

    @Test
    void aWriteThatWaitsLeavesAPageAloneThatIsSharedOrFree() throws Exception {
        try (PagePool pool = pool(List.of())) {
            List<Integer> pages = pool.occupiedPages();
            int page = pages.getLast();
            CompletableFuture<Void> late;
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                late = waiting(() -> pool.writePage(page, page(666)));
                pool.fork("old", "copy");
                readAll(frozen, pages);
            }
            assertRefused(Reason.SHARED, late);
            assertThat(CachePagerContract.read(pool, page)).isEqualTo(page(1));

            pool.removeSequence("copy");
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                late = waiting(() -> pool.writePage(page, page(666)));
                pool.removeSequence("old");
                readAll(frozen, pages);
            }
            assertRefused(Reason.UNKNOWN, late);
        }
    }

    @Test
    void aWriteThatWaitsIsDoneToAPageThatItsSequenceKeeps() throws Exception {
        try (PagePool pool = pool(List.of())) {
            List<Integer> pages = pool.occupiedPages();
            int page = pages.getLast();
            CompletableFuture<Void> late;
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                late = waiting(() -> pool.writePage(page, page(9)));
                pool.installSequences(List.of(new LogicalSequence("old", List.of(page), 3)));
                readAll(frozen, pages);
            }
            late.get(5, TimeUnit.MINUTES);

            assertThat(CachePagerContract.read(pool, page)).isEqualTo(page(9));
        }
    }

    @Test
    void aWriteThatWaitsLeavesTheStateOfAnotherSequenceAlone() throws Exception {
        try (PagePool pool = pool(List.of(STATE))) {
            List<Integer> pages = pool.occupiedPages();
            List<Integer> slots = new ArrayList<>(pages);
            CompletableFuture<Void> late;
            CompletableFuture<Void> installed;
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                frozen.sequences().forEach(held -> slots.add(held.states()[0]));
                late = waiting(() -> pool.writeState("old", "ssm", state(666)));
                pool.removeSequence("old");
                installed = inBackground(() -> pool.installSequences(List.of(new LogicalSequence("new", List.of(), 0))));
                readAll(frozen, slots);
            }
            installed.get(5, TimeUnit.MINUTES);

            assertRefused(Reason.UNKNOWN, late);
            ByteBuffer found = ByteBuffer.allocate(Math.toIntExact(STATE.bytes()));
            pool.readState("new", "ssm", found);
            assertThat(found).isEqualTo(state(0));
        }
    }

    @Test
    void aForkThatWaitsTakesNotTheStateOfOneSequenceAndThePagesOfAnother() throws Exception {
        try (PagePool pool = pool(List.of(STATE))) {
            List<Integer> pages = pool.occupiedPages();
            List<Integer> slots = new ArrayList<>(pages);
            CompletableFuture<Void> late;
            CompletableFuture<Void> next;
            try (FrozenPages frozen = withoutRoom(pool, pages)) {
                frozen.sequences().forEach(held -> slots.add(held.states()[0]));
                // The fork gets the slot of this one, which the capture needs.
                pool.removeSequence("old");
                late = waiting(() -> pool.fork("full", "copy"));
                pool.removeSequence("full");
                next = waiting(() -> pool.installSequences(List.of(new LogicalSequence("next", List.of(), 0))));
                pool.installSequences(List.of(new LogicalSequence("full", List.of(), 0)));
                readAll(frozen, slots);
            }
            next.get(5, TimeUnit.MINUTES);

            assertRefused(Reason.BUSY, late);
            assertThat(pool.sequences()).extracting(LogicalSequence::id).containsExactly("full", "next");
        }
    }

    @Test
    void nothingIsReadOfASequenceThatIsGoneSinceItWasLookedUp() throws Exception {
        PagerMeta meta = new PagerMeta(Metas.MODEL, Metas.small().page(), List.of(STATE));
        try (PageMemory memory = PageMemory.ofProcess(meta, new PageFileLayout(meta, 1, 1, 0))) {
            PageSlots slots = new PageSlots(memory, true);
            PageTables tables = new PageTables(meta, memory, slots);
            List<Integer> pages = tables.allocatePages(1);
            install(tables, new LogicalSequence("old", pages, 0));
            PageSlots.Use state = tables.state("old", "ssm");
            PageSlots.Use page = tables.pageToRead(pages.getFirst());
            tables.remove("old");
            install(tables, new LogicalSequence("new", tables.allocatePages(1), 0));
            slots.write(tables.state("new", "ssm"), state(7));
            ByteBuffer found = state(0);

            assertThat(tables.state("new", "ssm").slot()).isEqualTo(state.slot());
            assertThat(slots.readVerified(state, found)).isNull();
            assertThat(found).isEqualTo(state(0));
            assertThat(slots.readVerified(page, ByteBuffer.allocate(512))).isNull();
            assertThat(slots.readVerified(tables.state("new", "ssm"), found)).isNotNull();
            assertThat(found).isEqualTo(state(7));
        }
    }

    private static void install(PageTables tables, LogicalSequence sequence) {
        tables.install(List.of(sequence), tables.reserveFor(List.of(sequence)));
    }
}
