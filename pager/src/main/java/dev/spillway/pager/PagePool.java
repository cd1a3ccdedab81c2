package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PageTables.HeldSequence;
import dev.spillway.pager.PageTables.Reserved;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pager over memory of this process or a file that an engine maps. Thread-safe.
 *
 * <p>Four locks, taken in this order: the gate, shared by writes and taken alone by a pause; the guard, shared by all that touch the memory and
 * taken alone by {@link #close}; the tables of pages and sequences; and one of some stripes for the bytes of a slot.
 */
public final class PagePool implements CachePager {
    private static final int STRIPES = 64;
    private static final Duration CAPTURE_PATIENCE = Duration.ofSeconds(30);

    private final PagerMeta meta;
    private final PageMemory memory;
    private final boolean checksums;
    private final PageTables tables;
    private final MemoryGuard guard;
    private final WriteGate gate;
    private final ReentrantLock tablesLock = new ReentrantLock();
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private final ReentrantLock capturer = new ReentrantLock();
    private volatile @Nullable FrozenPages frozen;

    /**
     * The size of a pager.
     *
     * @param sequences largest number of sequences where the meta has pools of state
     * @param saves     slots in a file in which an engine saves pages that a capture has not read
     * @param checksums whether each write computes a check, so that each read is verified
     */
    public record Size(int pages, int sequences, int saves, boolean checksums) {}

    private PagePool(PagerMeta meta, PageMemory memory, boolean checksums) {
        this.meta = meta;
        this.memory = memory;
        this.checksums = checksums;
        this.tables = new PageTables(meta, memory);
        this.guard = new MemoryGuard(memory);
        this.gate = new WriteGate(memory, guard);
        memory.set(Word.EPOCH, 1);
        Arrays.setAll(stripes, _ -> new ReentrantLock());
    }

    /**
     * Makes a pager in memory of this process.
     *
     * @throws PagerRefusedException if there is too little memory
     */
    public static PagePool inMemory(PagerMeta meta, Size size) {
        PageFileLayout layout = layout(meta, size);
        return new PagePool(meta, PageMemory.ofProcess(meta, layout), size.checksums());
    }

    /**
     * Makes a pager in a new file, which is deleted when the pager closes.
     *
     * @param file on a file system of memory, for example below {@code /dev/shm}
     */
    public static PagePool inFile(PagerMeta meta, Size size, Path file) throws IOException {
        PageFileLayout layout = layout(meta, size);
        return new PagePool(meta, PageMemory.ofFile(meta, layout, file), size.checksums());
    }

    private static PageFileLayout layout(PagerMeta meta, Size size) {
        return new PageFileLayout(meta, size.pages(), size.sequences(), size.saves());
    }

    /** Returns the bytes that a pager of this size takes. */
    public static long bytes(PagerMeta meta, Size size) {
        return layout(meta, size).bytes();
    }

    @Override
    public PagerMeta meta() {
        return meta;
    }

    /** Returns the number of pages, free or not. */
    public int pageCount() {
        return memory.layout().pages();
    }

    /** Returns the number of free pages. */
    public int freePageCount() {
        return underTables(tables::freePageCount);
    }

    /** Returns the number of pages that a sequence has. */
    public int sequencePageCount() {
        return underTables(tables::sequencePageCount);
    }

    /** Returns the number of sequences. */
    public int sequenceCount() {
        return underTables(tables::sequenceCount);
    }

    /** Returns whether writes wait for the end of a pause. */
    public boolean isPaused() {
        return gate.isPaused();
    }

    /** Returns the file, if the pager has one. */
    public Optional<Path> file() {
        return Optional.ofNullable(memory.file());
    }

    // ---- pauses

    @Override
    public void pause() throws InterruptedException {
        gate.pause();
    }

    @Override
    public void resume() {
        gate.resume();
    }

    /**
     * Takes the pager from an engine that has ended without letting go of it, so that captures wait for it no more. Does nothing where there is none. An
     * engine that has not ended, and takes no pause within 5 s, can still write: nothing stops it.
     *
     * @throws PagerRefusedException if the engine takes a pause, so that it has not ended
     */
    public void detachEngine() throws InterruptedException {
        gate.detachEngine();
    }

    // ---- pages

    @Override
    public List<Integer> occupiedPages() {
        return reading(tables::occupiedPages);
    }

    @Override
    public List<Integer> allocatePages(int count) {
        return reading(() -> tables.allocatePages(count));
    }

    @Override
    public void freePages(List<Integer> pages) {
        changing(() -> tables.freePages(pages));
    }

    @Override
    public void readPage(int page, ByteBuffer into) {
        requireLength("page " + page, into, memory.layout().pageRegion().slotBytes());
        withMemory(() -> {
            underTables(() -> {
                tables.requireAllocated(page);
                return page;
            });
            readVerified(page, into);
            return page;
        });
    }

    /** Reads a slot, and returns the check that its bytes have, or null if it has none. */
    private @Nullable PageCheck readVerified(int slot, ByteBuffer into) {
        Lock stripe = stripe(slot);
        stripe.lock();
        try {
            if (!memory.readChecked(slot, into)) {
                throw new PagerRefusedException(Reason.DAMAGED, "slot %d: its content is not what was written to it".formatted(slot));
            }
            return memory.check(slot);
        } finally {
            stripe.unlock();
        }
    }

    @Override
    public void writePage(int page, ByteBuffer content) throws InterruptedException {
        requireLength("page " + page, content, memory.layout().pageRegion().slotBytes());
        gate.write(() -> {
            underTables(() -> {
                tables.requireUnshared(page);
                return page;
            });
            write(page, content);
        });
    }

    private static void requireLength(String what, ByteBuffer buffer, long bytes) {
        if (buffer.remaining() != bytes) {
            throw new InvalidValueException(what + ": bytes", buffer.remaining(), String.valueOf(bytes));
        }
    }

    private void write(int slot, ByteBuffer content) throws InterruptedException {
        change(slot, () -> {
            if (checksums) {
                return memory.writeChecked(slot, content);
            }
            memory.write(slot, content);
            return null;
        });
    }

    /** Changes the bytes of a slot, and returns the check of what is there then, or null for none. */
    private interface SlotChange {
        @Nullable
        PageCheck run();
    }

    /** Changes a slot's bytes after saving them for a capture that has not read them. */
    private void change(int slot, SlotChange change) throws InterruptedException {
        Lock stripe = stripe(slot);
        while (true) {
            FrozenPages capture = frozen;
            stripe.lock();
            try {
                if (capture == null || capture.isRead(slot) || capture.save(slot)) {
                    memory.setCheck(slot, null);
                    memory.setWritten(slot, memory.get(Word.EPOCH));
                    memory.setCheck(slot, change.run());
                    return;
                }
            } finally {
                stripe.unlock();
            }
            // Not with the stripe: the reader needs it to make room.
            capture.awaitRoom();
        }
    }

    Lock stripe(int slot) {
        return stripes[slot & STRIPES - 1];
    }

    // ---- sequences

    @Override
    public List<LogicalSequence> sequences() {
        return reading(() -> tables.sequences().stream().map(HeldSequence::sequence).toList());
    }

    @Override
    public void installSequences(List<LogicalSequence> installed) throws InterruptedException {
        gate.write(() -> reserved(() -> tables.reserveFor(installed), reserved -> {
            for (int[] slots : reserved.states()) {
                for (int slot : slots) {
                    change(slot, () -> {
                        memory.clear(slot);
                        return null;
                    });
                }
            }
            return underTables(() -> {
                tables.install(installed, reserved);
                return installed;
            });
        }));
    }

    @Override
    public void removeSequence(String id) {
        changing(() -> tables.remove(id));
    }

    @Override
    public LogicalSequence fork(String id, String newId) throws InterruptedException {
        LogicalSequence[] copy = new LogicalSequence[1];
        gate.write(() -> copy[0] = reserved(() -> tables.reserve(0, 1), reserved -> {
            int[] from = underTables(() -> tables.held(id).states());
            for (int pool = 0; pool < from.length; pool++) {
                copySlot(from[pool], reserved.states().getFirst()[pool]);
            }
            return underTables(() -> tables.fork(id, newId, reserved));
        }));
        return copy[0];
    }

    private interface Using<T> {
        T use(Reserved reserved) throws InterruptedException;
    }

    /** Uses reserved slots, which are given back if that fails. */
    private <T> T reserved(Supplier<Reserved> reserving, Using<T> using) throws InterruptedException {
        Reserved reserved = underTables(reserving);
        boolean used = false;
        try {
            T result = using.use(reserved);
            used = true;
            return result;
        } finally {
            if (!used) {
                underTables(() -> {
                    tables.release(reserved);
                    return reserved;
                });
            }
        }
    }

    private void copySlot(int from, int to) throws InterruptedException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(memory.layout().region(from).slotBytes()));
        PageCheck check = readVerified(from, content);
        change(to, () -> {
            memory.write(to, content);
            // Not of what was written, so that a copy that is damaged on its way is found when it is read.
            return check;
        });
    }

    @Override
    public int ownPage(String id, int position) throws InterruptedException {
        int[] owned = new int[1];
        gate.write(() -> {
            int shared = underTables(() -> tables.page(id, position));
            owned[0] = underTables(() -> tables.isShared(shared) ? tables.allocatePages(1).getFirst() : shared);
            if (owned[0] == shared) {
                return;
            }
            boolean replaced = false;
            try {
                copySlot(shared, owned[0]);
                underTables(() -> {
                    tables.replacePage(id, position, shared, owned[0]);
                    return shared;
                });
                replaced = true;
            } finally {
                if (!replaced) {
                    underTables(() -> {
                        tables.freePage(owned[0]);
                        return shared;
                    });
                }
            }
        });
        return owned[0];
    }

    @Override
    public void readState(String id, String pool, ByteBuffer into) {
        requireLength("state " + pool, into, memory.layout().region(pool).slotBytes());
        withMemory(() -> {
            readVerified(stateSlot(id, pool), into);
            return into;
        });
    }

    @Override
    public void writeState(String id, String pool, ByteBuffer content) throws InterruptedException {
        requireLength("state " + pool, content, memory.layout().region(pool).slotBytes());
        gate.write(() -> write(stateSlot(id, pool), content));
    }

    private int stateSlot(String id, String pool) {
        return underTables(() -> tables.stateSlot(id, pool));
    }

    /** Returns the pool of state that a slot belongs to, or empty for a page. */
    Optional<StatePool> stateOf(int slot) {
        return meta.states().stream().filter(state -> memory.layout().region(state.name()).has(slot)).findFirst();
    }

    /** Returns the bytes of the largest slot. */
    long slotBytesMax() {
        return memory.layout().saves().slotBytes();
    }

    // ---- restores

    /** Takes pages, and slots of state for sequences: all or none. */
    Reserved reserve(int pages, int sequences) {
        return reading(() -> tables.reserve(pages, sequences));
    }

    /** Gives back what was reserved and not installed. */
    void release(Reserved reserved) {
        if (!guard.isClosed()) {
            changing(() -> tables.release(reserved));
        }
    }

    /** Fills a reserved slot from a file, and returns the hash of what is there then. */
    PageHash fill(int slot, FileChannel from, long position) throws IOException, InterruptedException {
        try {
            PageHash[] hash = new PageHash[1];
            guard.run(() -> hash[0] = filled(slot, from, position));
            return hash[0];
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private PageHash filled(int slot, FileChannel from, long position) throws InterruptedException {
        // Its former owner's bytes may be a part of a capture under way.
        change(slot, () -> null);
        memory.fill(slot, from, position);
        PageHash hash = memory.hashOf(slot);
        // The slot equals its pack until the next write.
        memory.setWritten(slot, 0);
        memory.setCheck(slot, checksums ? memory.checkOf(slot) : null);
        return hash;
    }

    /**
     * Installs new sequences over reserved slots, all or none.
     *
     * @param packed places from which slots were filled
     */
    void install(List<LogicalSequence> installed, Reserved reserved, Map<Integer, PackPage> packed) throws InterruptedException {
        gate.write(() -> underTables(() -> {
            tables.install(installed, reserved, packed);
            return installed;
        }));
    }

    // ---- captures

    /**
     * Freezes the pages of all sequences as they are now, under a pause if there is none.
     *
     * @throws PagerRefusedException if another capture takes too long, or the engine does not pause
     */
    FrozenPages freeze() throws InterruptedException {
        if (!capturer.tryLock(CAPTURE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new PagerRefusedException(Reason.BUSY, "another capture of this pager is under way");
        }
        boolean frozenNow = false;
        try {
            boolean own = !gate.isPaused();
            // Before the pause: a write that comes while another one ends waits already.
            long start = System.nanoTime();
            if (own) {
                pause();
            }
            FrozenPages begun = null;
            try {
                begun = reading(() -> begin(own));
            } finally {
                if (own && (begun == null || !begun.staysPaused())) {
                    resume();
                }
            }
            begun.paused(System.nanoTime() - start);
            frozenNow = true;
            return begun;
        } finally {
            if (!frozenNow) {
                frozen = null;
                capturer.unlock();
            }
        }
    }

    /** Begins an epoch. Under the lock of the tables, so that each page is freed and taken either before it or in it. */
    private FrozenPages begin(boolean ownPause) {
        long epoch = memory.get(Word.EPOCH) + 1;
        FrozenPages begun =
                new FrozenPages(this, memory, epoch, tables.sequences(), ownPause, gate.engineSavesNothing());
        memory.set(Word.SAVES_FILLED, 0);
        memory.set(Word.WANTED, 0);
        memory.set(Word.EPOCH, epoch);
        memory.set(Word.CAPTURING, epoch);
        frozen = begun;
        return begun;
    }

    /** Lets pages be written without being saved. Called once, by the thread that froze them. */
    void thaw() {
        frozen = null;
        changing(() -> memory.set(Word.CAPTURING, 0));
    }

    void endCapture() {
        capturer.unlock();
    }

    /** Returns the place where a slot's content was packed last, if it was not written since. */
    Optional<PackPage> packedAt(int slot) {
        return reading(() -> tables.packedAt(slot));
    }

    /** Remembers where slots' contents were packed by a capture. Slots freed since are passed over. */
    void remember(Map<Integer, PackPage> packed, long epoch) {
        underTables(() -> {
            tables.remember(packed, epoch);
            return packed;
        });
    }

    // ---- locks

    /** Runs something with the memory kept open. */
    <T> T withMemory(Supplier<T> step) {
        return guard.with(step);
    }

    private <T> T reading(Supplier<T> step) {
        return withMemory(() -> underTables(step));
    }

    private void changing(Runnable step) {
        reading(() -> {
            step.run();
            return step;
        });
    }

    private <T> T underTables(Supplier<T> step) {
        tablesLock.lock();
        try {
            return step.get();
        } finally {
            tablesLock.unlock();
        }
    }

    @Override
    public void close() {
        guard.refuse();
        FrozenPages capture = frozen;
        if (capture != null) {
            capture.abandon();
        }
        try {
            guard.close();
        } finally {
            gate.resume();
        }
    }
}
