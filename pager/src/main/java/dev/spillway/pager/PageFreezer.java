package dev.spillway.pager;

import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Freezes the pages of a pager for captures, one after the other. Thread-safe; a capture is begun and ended by one thread. */
final class PageFreezer {
    private static final Duration CAPTURE_PATIENCE = Duration.ofSeconds(30);

    private final PagePool pool;
    private final PageMemory memory;
    private final PageTables tables;
    private final PageSlots slots;
    private final WriteGate gate;
    private final ReentrantLock capturer = new ReentrantLock();

    PageFreezer(PagePool pool, PageMemory memory, PageTables tables, PageSlots slots, WriteGate gate) {
        this.pool = pool;
        this.memory = memory;
        this.tables = tables;
        this.slots = slots;
        this.gate = gate;
    }

    /**
     * Freezes the pages of all sequences as they are now, under a pause of its own, which no caller can end.
     *
     * @throws PagerRefusedException if another capture takes too long, or the engine does not pause
     */
    FrozenPages freeze() throws InterruptedException {
        if (!capturer.tryLock(CAPTURE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new PagerRefusedException(Reason.BUSY, "another capture of this pager is under way");
        }
        boolean frozenNow = false;
        try {
            // The measured pause begins before the gate closes, because new writes wait already while earlier ones end.
            long start = System.nanoTime();
            gate.hold();
            FrozenPages begun = null;
            try {
                begun = pool.reading(() -> begin(start));
            } finally {
                if (begun == null || !begun.staysPaused()) {
                    gate.letGo();
                }
            }
            begun.pauseEnded();
            frozenNow = true;
            return begun;
        } finally {
            if (!frozenNow) {
                slots.freeze(null);
                capturer.unlock();
            }
        }
    }

    /** Begins an epoch. The caller locks the tables, so that each page is freed or allocated either before the epoch or in it. */
    private FrozenPages begin(long start) {
        long epoch = memory.get(Word.EPOCH) + 1;
        FrozenPages begun =
                new FrozenPages(this, pool, memory, slots, epoch, tables.sequences(), start, gate.engineSavesNothing());
        memory.set(Word.SAVES_FILLED, 0);
        memory.set(Word.WANTED, 0);
        memory.set(Word.EPOCH, epoch);
        memory.set(Word.CAPTURING, epoch);
        slots.freeze(begun);
        return begun;
    }

    /** Ends the saving of pages before writes. Called once, by the thread that froze them. */
    void thaw() {
        slots.freeze(null);
        pool.changing(() -> memory.set(Word.CAPTURING, 0));
    }

    void endPause() {
        gate.letGo();
    }

    void endCapture() {
        capturer.unlock();
    }
}
