package dev.spillway.pager;

import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * The sequences of a pager and their content as of one moment, read while the engine goes on. A writer of a slot that is not read yet saves its old
 * bytes first: in memory if it writes through this process, in the file if it is an engine. Saved bytes in memory are bounded: 64 MiB, or 64 of the
 * largest slots if those are more. A writer without room waits until the reader has taken saved bytes, which it does before all other slots.
 *
 * <p>Read and closed by one thread.
 */
final class FrozenPages implements AutoCloseable {
    /**
     * Smallest number of saves with room. Small slots have room for more saves, so that writers do not wait while a capture scans large tables.
     */
    private static final int SAVES_MIN = 64;
    private static final long SAVED_BYTES_MAX = 64 << 20;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private final PageFreezer freezer;
    private final PagePool pool;
    private final PageMemory memory;
    private final PageSlots slots;
    private final long epoch;
    private final List<PageTables.HeldSequence> sequences;
    private final long pauseStart;
    private final boolean staysPaused;
    private final Queue<Saved> saves = new ConcurrentLinkedQueue<>();
    private final int savesMax;
    private final Semaphore room;
    private final Set<Integer> savedHere = ConcurrentHashMap.newKeySet();
    private final BitSet remaining = new BitSet();
    private volatile boolean ended;
    private volatile boolean abandoned;
    private long pauseNanos;
    private int next;
    private @Nullable PageCheck check;

    @SuppressWarnings("ArrayRecordComponent") // Read once, never compared.
    private record Saved(int slot, byte[] content, PageMemory.Read read) {}

    /**
     * @param pauseStart  time of {@link System#nanoTime} when the pause was asked for
     * @param staysPaused whether the pause ends only when this is closed
     */
    FrozenPages(
            PageFreezer freezer,
            PagePool pool,
            PageMemory memory,
            PageSlots slots,
            long epoch,
            List<PageTables.HeldSequence> sequences,
            long pauseStart,
            boolean staysPaused) {
        this.freezer = freezer;
        this.pool = pool;
        this.memory = memory;
        this.slots = slots;
        this.savesMax = (int) Math.max(SAVES_MIN, SAVED_BYTES_MAX / memory.layout().saves().slotBytes());
        this.room = new Semaphore(savesMax);
        this.epoch = epoch;
        this.sequences = sequences;
        this.pauseStart = pauseStart;
        this.staysPaused = staysPaused;
    }

    long epoch() {
        return epoch;
    }

    /** Returns the sequences, sorted by id. */
    List<PageTables.HeldSequence> sequences() {
        return sequences;
    }

    /** Returns whether the engine stays paused until this is closed, because it does not save what it writes. */
    boolean staysPaused() {
        return staysPaused;
    }

    /** Notes the end of the pause. */
    void pauseEnded() {
        pauseNanos = System.nanoTime() - pauseStart;
    }

    /** Returns the time for which this capture has stopped writes, in nanoseconds. */
    long pauseNanos() {
        return staysPaused ? System.nanoTime() - pauseStart : pauseNanos;
    }

    // ---- by writers, under the stripe of the slot

    boolean isRead(int slot) {
        return ended || memory.copied(slot) == epoch;
    }

    /** Saves a slot's bytes, and returns false if there is no room. */
    boolean save(int slot) {
        if (!room.tryAcquire()) {
            return false;
        }
        byte[] content = new byte[Math.toIntExact(memory.layout().region(slot).slotBytes())];
        saves.add(new Saved(slot, content, memory.readChecked(slot, ByteBuffer.wrap(content))));
        savedHere.add(slot);
        memory.setCopied(slot, epoch);
        return true;
    }

    /** Waits, without a lock, until there may be room, or until the capture needs no more saves. */
    void awaitRoom() throws InterruptedException {
        if (!ended && room.tryAcquire(LOOK_AGAIN.toNanos(), TimeUnit.NANOSECONDS)) {
            room.release();
        }
    }

    // ---- by the reader

    /** Names the slots that will be read. Writers save no other slots from now on. */
    void read(BitSet wanted) {
        remaining.or(wanted);
        pool.withMemory(() -> {
            for (int slot = 0; slot < memory.layout().slots(); slot++) {
                if (!wanted.get(slot)) {
                    Lock stripe = slots.stripe(slot);
                    stripe.lock();
                    try {
                        if (memory.copied(slot) != epoch) {
                            memory.setCopied(slot, epoch);
                        }
                    } finally {
                        stripe.unlock();
                    }
                }
            }
            return wanted;
        });
    }

    /**
     * Reads any slot that was not read yet.
     *
     * @param into cleared and filled from its beginning; it must be as large as the largest slot
     * @return the slot, or -1 when all are read
     * @throws PagerRefusedException if the bytes of a slot do not match its check
     */
    int next(ByteBuffer into) {
        while (!abandoned) {
            Saved saved = saves.poll();
            if (saved != null) {
                room.release();
                if (remaining.get(saved.slot())) {
                    requireIntact(saved.slot(), saved.read());
                    remaining.clear(saved.slot());
                    into.clear().put(saved.content()).flip();
                    return saved.slot();
                }
            } else if (remaining.isEmpty()) {
                return -1;
            } else {
                int slot = wanted();
                next = slot + 1;
                if (pool.withMemory(() -> readFrozen(slot, into))) {
                    remaining.clear(slot);
                    return slot;
                }
            }
        }
        throw new PagerRefusedException(Reason.CLOSED, "the pager was closed while it was captured");
    }

    /** Returns the check of the slot that was read last; null if it had none. */
    @Nullable
    PageCheck check() {
        return check;
    }

    /** Returns the slot that an engine waits for, or else the next one. */
    private int wanted() {
        long wanted = pool.withMemory(() -> memory.get(Word.WANTED)) - 1;
        if (wanted >= 0 && wanted < memory.layout().slots() && remaining.get((int) wanted)) {
            return (int) wanted;
        }
        int slot = remaining.nextSetBit(next);
        return slot >= 0 ? slot : remaining.nextSetBit(0);
    }

    private boolean readFrozen(int slot, ByteBuffer into) {
        Lock stripe = slots.stripe(slot);
        stripe.lock();
        try {
            if (savedHere.contains(slot)) {
                return false;
            }
            into.clear().limit(Math.toIntExact(memory.layout().region(slot).slotBytes()));
            requireIntact(slot, memory.readAsOf(slot, epoch, into));
            memory.setCopied(slot, epoch);
            return true;
        } finally {
            stripe.unlock();
        }
    }

    private void requireIntact(int slot, PageMemory.Read read) {
        check = read.check();
        if (!read.intact()) {
            throw new PagerRefusedException(
                    Reason.MEMORY_DAMAGED,
                    name(slot) + ": its content in memory is not what was written to it, so nothing is captured");
        }
    }

    private String name(int slot) {
        for (PageTables.HeldSequence held : sequences) {
            int position = held.sequence().pages().indexOf(slot);
            if (position >= 0) {
                return "page %d (position %d of sequence %s)".formatted(slot, position, held.sequence().id());
            }
            for (int state : held.states()) {
                if (state == slot) {
                    return "state %s of sequence %s".formatted(pool.stateOf(slot).map(StatePool::name).orElseThrow(), held.sequence().id());
                }
            }
        }
        return "slot " + slot;
    }

    /** Ends the waits of writers and the capture itself, because the pager closes. */
    void abandon() {
        abandoned = true;
        ended = true;
    }

    @Override
    public void close() {
        ended = true;
        room.release(savesMax);
        try {
            if (!abandoned) {
                freezer.thaw();
            }
        } finally {
            if (staysPaused) {
                freezer.endPause();
            }
            freezer.endCapture();
        }
    }

    @Nullable
    PackPage unchanged(int slot) {
        return pool.packedAt(slot).orElse(null);
    }
}
