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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A pager in memory of this process, or in a file that an engine maps. Thread-safe.
 *
 * <p>There are four locks, taken in this order:
 * <ol>
 * <li>the gate: writes share it, and a pause takes it exclusively
 * <li>the guard: all uses of the memory share it, and {@link #close} takes it exclusively
 * <li>the lock of the tables of pages and sequences
 * <li>the stripe of a slot, for its bytes
 * </ol>
 */
public final class PagePool implements CachePager {
    private final PagerMeta meta;
    private final PageMemory memory;
    private final PageTables tables;
    private final PageSlots slots;
    private final MemoryGuard guard;
    private final WriteGate gate;
    private final PageFreezer freezer;
    private final ReentrantLock tablesLock = new ReentrantLock();

    /**
     * The size of a pager.
     *
     * @param sequences largest number of sequences, if the meta has state pools
     * @param saves     number of save slots in a file, for pages that a capture has not read
     * @param checksums whether each write computes a check, so that each read is verified
     */
    public record Size(int pages, int sequences, int saves, boolean checksums) {}

    private PagePool(PagerMeta meta, PageMemory memory, boolean checksums) {
        this.meta = meta;
        this.memory = memory;
        this.slots = new PageSlots(memory, checksums);
        this.tables = new PageTables(meta, memory, slots);
        this.guard = new MemoryGuard(memory);
        this.gate = new WriteGate(memory, guard);
        this.freezer = new PageFreezer(this, memory, tables, slots, gate);
        memory.set(Word.EPOCH, 1);
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
     * @param file path on a memory file system, for example below {@code /dev/shm}
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

    @Override
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
        read(() -> tables.pageToRead(page), into);
    }

    /** Reads a slot. If the slot gets another owner between the lookup and the read, looks it up again. */
    private void read(Supplier<PageSlots.Use> lookUp, ByteBuffer into) {
        withMemory(() -> {
            PageMemory.Read read;
            do {
                read = slots.readVerified(underTables(lookUp), into);
            } while (read == null);
            return read;
        });
    }

    @Override
    public void writePage(int page, ByteBuffer content) throws InterruptedException {
        requireLength("page " + page, content, memory.layout().pageRegion().slotBytes());
        write("page " + page, () -> tables.pageToWrite(page), content);
    }

    /** Writes a slot for the owner that it has at the lookup. Refuses the write if the slot gets another owner while the write waits. */
    private void write(String what, Supplier<PageSlots.Use> lookUp, ByteBuffer content) throws InterruptedException {
        gate.write(() -> {
            if (!slots.write(underTables(lookUp), content)) {
                // The second lookup throws if the slot is gone or shared by now.
                underTables(lookUp);
                throw new PagerRefusedException(Reason.BUSY, what + ": got another owner while the write waited; nothing was written");
            }
        });
    }

    private static void requireLength(String what, ByteBuffer buffer, long bytes) {
        if (buffer.remaining() != bytes) {
            throw new InvalidValueException(what + ": bytes", buffer.remaining(), String.valueOf(bytes));
        }
    }

    // ---- sequences

    @Override
    public List<LogicalSequence> sequences() {
        return reading(() -> tables.sequences().stream().map(HeldSequence::sequence).toList());
    }

    /**
     * A sequence and the slots of its states.
     *
     * @param states number of the slot in each pool, by the pool's name
     */
    public record SequenceSlots(LogicalSequence sequence, Map<String, Integer> states) {}

    /** Returns the sequences, sorted by id, with the slots in which an engine that maps the file finds their states. */
    public List<SequenceSlots> sequenceSlots() {
        return reading(() -> tables.sequences().stream().map(held -> {
            Map<String, Integer> states = new TreeMap<>();
            for (int pool = 0; pool < held.states().length; pool++) {
                String name = meta.states().get(pool).name();
                states.put(name, held.states()[pool] - memory.layout().region(name).firstSlot());
            }
            return new SequenceSlots(held.sequence(), states);
        }).toList());
    }

    @Override
    public void installSequences(List<LogicalSequence> installed) throws InterruptedException {
        gate.write(() -> reserved(() -> tables.reserveFor(installed), reserved -> {
            for (int[] states : reserved.states()) {
                for (int slot : states) {
                    slots.clear(slot);
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
            List<PageSlots.Use> states = underTables(() -> tables.states(id));
            for (int pool = 0; pool < states.size(); pool++) {
                slots.copy(states.get(pool), reserved.states().getFirst()[pool]);
            }
            // Throws if the sequence is gone by now.
            return underTables(() -> tables.fork(id, states, newId, reserved));
        }));
        return copy[0];
    }

    private interface Using<T> {
        T use(Reserved reserved) throws InterruptedException;
    }

    /** Reserves slots and uses them. Releases them if that fails. */
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

    @Override
    public int ownPage(String id, int position) throws InterruptedException {
        int[] owned = new int[1];
        gate.write(() -> {
            Optional<PageSlots.Use> shared = underTables(() -> {
                owned[0] = tables.page(id, position);
                return tables.isShared(owned[0]) ? Optional.of(tables.pageToRead(owned[0])) : Optional.empty();
            });
            if (shared.isPresent()) {
                owned[0] = reserved(() -> tables.reserve(1, 0), reserved -> {
                    slots.copy(shared.get(), reserved.pages().getFirst());
                    // Throws if the page got another owner meanwhile.
                    underTables(() -> {
                        tables.replacePage(id, position, shared.get(), reserved);
                        return reserved;
                    });
                    return reserved.pages().getFirst();
                });
            }
        });
        return owned[0];
    }

    @Override
    public void readState(String id, String pool, ByteBuffer into) {
        requireLength("state " + pool, into, memory.layout().region(pool).slotBytes());
        read(() -> tables.state(id, pool), into);
    }

    @Override
    public void writeState(String id, String pool, ByteBuffer content) throws InterruptedException {
        requireLength("state " + pool, content, memory.layout().region(pool).slotBytes());
        write("state " + pool + " of sequence " + id, () -> tables.state(id, pool), content);
    }

    /** Returns the state pool that a slot belongs to; empty for a page. */
    Optional<StatePool> stateOf(int slot) {
        return meta.states().stream().filter(state -> memory.layout().region(state.name()).has(slot)).findFirst();
    }

    /** Returns the bytes of the largest slot. */
    long slotBytesMax() {
        return memory.layout().saves().slotBytes();
    }

    // ---- restores

    /** Reserves pages, and slots of state for sequences: all or none. */
    Reserved reserve(int pages, int sequences) {
        return reading(() -> tables.reserve(pages, sequences));
    }

    /** Releases reserved slots that were not installed. */
    void release(Reserved reserved) {
        if (!guard.isClosed()) {
            changing(() -> tables.release(reserved));
        }
    }

    /**
     * Fills a reserved slot from a file, and returns the hash of its bytes after that.
     *
     * @param page the content at that position, as the manifest describes it
     */
    PageHash fill(int slot, FileChannel from, long position, PackPage page) throws IOException, InterruptedException {
        try {
            PageHash[] hash = new PageHash[1];
            guard.run(() -> hash[0] = slots.fill(slot, from, position, page));
            return hash[0];
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
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
        return freezer.freeze();
    }

    /** Returns the place where a slot's content was packed last; empty if the slot was written since. */
    Optional<PackPage> packedAt(int slot) {
        return reading(() -> tables.packedAt(slot));
    }

    /** Remembers the places where a capture packed the contents of slots. Ignores slots that were freed since. */
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

    /** Runs something with the memory kept open, under the lock of the tables. */
    <T> T reading(Supplier<T> step) {
        return withMemory(() -> underTables(step));
    }

    void changing(Runnable step) {
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
        FrozenPages capture = slots.frozen();
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
