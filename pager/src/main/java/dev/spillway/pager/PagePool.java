package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pager over memory of this process or a file that an engine maps. Thread-safe.
 *
 * <p>Three locks, taken in this order: the gate, shared by writes and taken alone by a pause; the tables of pages and sequences; and one of some stripes
 * for the bytes of a slot.
 */
public final class PagePool implements CachePager {
    private static final int STRIPES = 64;
    private static final int FREE = -1;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration ENGINE_PATIENCE = Duration.ofSeconds(5);

    private final PagerMeta meta;
    private final PageMemory memory;
    private final boolean checksums;
    private final StampedLock gate = new StampedLock();
    /** Taken alone by {@link #close}, and shared by all that touch the memory. */
    private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();
    private final ReentrantLock tables = new ReentrantLock();
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private final ReentrantLock capturer = new ReentrantLock();

    /** By page: FREE, or the number of sequences that have it. */
    private final int[] references;
    /** By slot: the epoch in which it was freed last. */
    private final long[] freedIn;
    private final FreeSlots freePages;
    private final Map<String, FreeSlots> freeStates = new HashMap<>();
    private final TreeMap<String, HeldSequence> sequences = new TreeMap<>();
    private final @Nullable PackedAt[] origins;
    private volatile @Nullable FrozenPages frozen;
    private volatile boolean closed;
    private long pauseStamp;

    /** A sequence with its slots of state, by the order of the pools. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record HeldSequence(LogicalSequence sequence, int[] states) {}

    /** The last place where the content of a slot was packed, and the epoch of that capture. */
    record PackedAt(PackPage page, long epoch) {}

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
        PageFileLayout layout = memory.layout();
        this.references = new int[layout.pages()];
        Arrays.fill(references, FREE);
        this.freedIn = new long[layout.slots()];
        this.origins = new PackedAt[layout.slots()];
        this.freePages = new FreeSlots(layout.pageRegion());
        memory.set(PageMemory.Word.EPOCH, 1);
        meta.states().forEach(state -> freeStates.put(state.name(), new FreeSlots(layout.region(state.name()))));
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
        return references.length;
    }

    /** Returns the number of sequences. */
    public int sequenceCount() {
        return underTables(sequences::size);
    }

    /** Returns whether writes wait for the end of a pause. */
    public boolean isPaused() {
        return underTables(() -> pauseStamp != 0);
    }

    /** Returns the number of free pages. */
    public int freePageCount() {
        return underTables(freePages::count);
    }

    /** Returns the file, if the pager has one. */
    public Optional<Path> file() {
        return Optional.ofNullable(memory.file());
    }

    // ---- pauses

    @Override
    public void pause() throws InterruptedException {
        requireOpen();
        long stamp = gate.tryWriteLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (stamp == 0) {
            throw new PagerRefusedException(Reason.PAUSED, "the pager is paused already, or a write takes longer than " + PATIENCE);
        }
        boolean paused = false;
        try {
            requireOpen();
            if (memory.get(PageMemory.Word.ENGINE) != 0) {
                pauseEngine();
            }
            pauseStamp = stamp;
            paused = true;
        } finally {
            if (!paused) {
                gate.unlockWrite(stamp);
            }
        }
    }

    private void pauseEngine() throws InterruptedException {
        long pause = memory.get(PageMemory.Word.PAUSE_ASKED) + 1;
        memory.set(PageMemory.Word.PAUSE_ASKED, pause);
        long end = System.nanoTime() + ENGINE_PATIENCE.toNanos();
        while (memory.get(PageMemory.Word.PAUSE_TAKEN) != pause) {
            if (System.nanoTime() > end) {
                memory.set(PageMemory.Word.PAUSE_ENDED, pause);
                throw new PagerRefusedException(Reason.PAUSED,
                        "the engine that has mapped the file did not pause within " + ENGINE_PATIENCE + " (expected: it takes pauses between its steps)");
            }
            if (Thread.interrupted()) {
                memory.set(PageMemory.Word.PAUSE_ENDED, pause);
                throw new InterruptedException();
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void resume() {
        underTables(() -> {
            long stamp = pauseStamp;
            if (stamp != 0) {
                pauseStamp = 0;
                if (!closed) {
                    memory.set(PageMemory.Word.PAUSE_ENDED, memory.get(PageMemory.Word.PAUSE_ASKED));
                }
                gate.unlockWrite(stamp);
            }
            return stamp;
        });
    }

    // ---- pages

    @Override
    public List<Integer> occupiedPages() {
        return reading(() -> underTables(() -> {
            List<Integer> occupied = new ArrayList<>();
            for (int page = 0; page < references.length; page++) {
                if (references[page] != FREE) {
                    occupied.add(page);
                }
            }
            return occupied;
        }));
    }

    @Override
    public List<Integer> allocatePages(int count) {
        return reading(() -> underTables(() -> allocate(freePages, count, "pages")));
    }

    private List<Integer> allocate(FreeSlots free, int count, String what) {
        if (count < 0) {
            throw new InvalidValueException("count", count, "0 or more");
        }
        if (count > free.count()) {
            throw new PagerRefusedException(Reason.EXHAUSTED, "%d %s (expected: at most %d, which are free)".formatted(count, what, free.count()));
        }
        FrozenPages capture = frozen;
        List<Integer> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int slot = free.take();
            if (slot < references.length) {
                references[slot] = 0;
            }
            if (capture != null && freedIn[slot] < capture.epoch()) {
                // Nobody had it when the capture began.
                memory.setCopied(slot, capture.epoch());
            }
            taken.add(slot);
        }
        return taken;
    }

    private void free(FreeSlots free, int slot) {
        freedIn[slot] = memory.get(PageMemory.Word.EPOCH);
        origins[slot] = null;
        memory.setCheck(slot, null);
        if (slot < references.length) {
            references[slot] = FREE;
        }
        free.give(slot);
    }

    @Override
    public void freePages(List<Integer> pages) {
        reading(() -> underTables(() -> {
            Set<Integer> distinct = new HashSet<>();
            for (int page : pages) {
                requireAllocated(page);
                if (references[page] > 0 || !distinct.add(page)) {
                    throw new PagerRefusedException(Reason.SHARED, "page %d: a sequence has it, or it is named twice".formatted(page));
                }
            }
            distinct.forEach(page -> free(freePages, page));
            return distinct;
        }));
    }

    private void requireAllocated(int page) {
        if (page < 0 || page >= references.length || references[page] == FREE) {
            throw new PagerRefusedException(Reason.UNKNOWN, "page %d: is not allocated".formatted(page));
        }
    }

    @Override
    public void readPage(int page, ByteBuffer into) {
        requireLength("page", page, into, memory.layout().pageRegion().slotBytes());
        reading(() -> {
            underTables(() -> {
                requireAllocated(page);
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
        requireLength("page", page, content, memory.layout().pageRegion().slotBytes());
        writing(() -> {
            underTables(() -> {
                requireAllocated(page);
                if (references[page] > 1) {
                    throw new PagerRefusedException(Reason.SHARED,
                            "page %d: %d sequences have it (expected: one, so make the page its own first)".formatted(page, references[page]));
                }
                return page;
            });
            change(page, () -> write(page, content));
        });
    }

    private static void requireLength(String what, int at, ByteBuffer buffer, long bytes) {
        if (buffer.remaining() != bytes) {
            throw new InvalidValueException("%s %d: bytes".formatted(what, at), buffer.remaining(), String.valueOf(bytes));
        }
    }

    private @Nullable PageCheck write(int slot, ByteBuffer content) {
        if (checksums) {
            return memory.writeChecked(slot, content);
        }
        memory.write(slot, content);
        return null;
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
                    memory.setWritten(slot, memory.get(PageMemory.Word.EPOCH));
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
        return reading(() -> underTables(() -> sequences.values().stream().map(HeldSequence::sequence).toList()));
    }

    @Override
    public void installSequences(List<LogicalSequence> installed) throws InterruptedException {
        writing(() -> {
            List<int[]> created = underTables(() -> {
                requireStates(requireInstallable(installed, false));
                List<int[]> states = new ArrayList<>();
                for (LogicalSequence sequence : installed) {
                    sequence.pages().forEach(page -> references[page]++);
                    HeldSequence former = sequences.get(sequence.id());
                    int[] slots = former == null ? newStates() : former.states();
                    sequences.put(sequence.id(), new HeldSequence(sequence, slots));
                    if (former == null) {
                        states.add(slots);
                    } else {
                        release(former.sequence());
                    }
                }
                return states;
            });
            for (int[] slots : created) {
                for (int slot : slots) {
                    change(slot, () -> {
                        memory.clear(slot);
                        return null;
                    });
                }
            }
        });
    }

    /** Returns the number of sequences that are new. */
    private int requireInstallable(List<LogicalSequence> installed, boolean fresh) {
        Set<String> ids = new HashSet<>();
        int created = 0;
        for (LogicalSequence sequence : installed) {
            if (!ids.add(sequence.id())) {
                throw new PagerRefusedException(Reason.INVALID, "sequence %s: is named twice".formatted(sequence.id()));
            }
            boolean exists = sequences.containsKey(sequence.id());
            if (exists && fresh) {
                throw new PagerRefusedException(Reason.EXISTS, "sequence %s: exists".formatted(sequence.id()));
            }
            created += exists ? 0 : 1;
            if (sequence.lastPageTokens() >= meta.page().tokens()) {
                throw new InvalidValueException("lastPageTokens of " + sequence.id(), sequence.lastPageTokens(),
                        "0 for full, or 1 to " + (meta.page().tokens() - 1));
            }
            Set<Integer> pages = new HashSet<>();
            for (int page : sequence.pages()) {
                requireAllocated(page);
                if (!pages.add(page)) {
                    throw new PagerRefusedException(Reason.INVALID, "sequence %s: has page %d twice".formatted(sequence.id(), page));
                }
            }
        }
        return created;
    }

    private void requireStates(int created) {
        for (FreeSlots free : freeStates.values()) {
            if (created > free.count()) {
                throw new PagerRefusedException(Reason.EXHAUSTED,
                        "%d sequences (expected: at most %d more, for which there is room for state)".formatted(created, free.count()));
            }
        }
    }

    private int[] newStates() {
        return meta.states().stream().mapToInt(state -> allocate(free(state), 1, "states").getFirst()).toArray();
    }

    private FreeSlots free(StatePool state) {
        return Optional.ofNullable(freeStates.get(state.name())).orElseThrow();
    }

    private void release(LogicalSequence sequence) {
        for (int page : sequence.pages()) {
            references[page]--;
            if (references[page] == 0) {
                free(freePages, page);
            }
        }
    }

    @Override
    public void removeSequence(String id) {
        reading(() -> underTables(() -> {
            HeldSequence held = held(id);
            sequences.remove(id);
            release(held.sequence());
            freeStates(held.states());
            return held;
        }));
    }

    private HeldSequence held(String id) {
        HeldSequence held = sequences.get(id);
        if (held == null) {
            throw new PagerRefusedException(Reason.UNKNOWN, "sequence %s: does not exist".formatted(id));
        }
        return held;
    }

    @Override
    public LogicalSequence fork(String id, String newId) throws InterruptedException {
        LogicalSequence copy = underTables(() -> {
            LogicalSequence sequence = held(id).sequence();
            return new LogicalSequence(newId, sequence.pages(), sequence.lastPageTokens());
        });
        writing(() -> {
            int[][] states = underTables(() -> {
                HeldSequence source = held(id);
                if (!source.sequence().pages().equals(copy.pages())) {
                    throw new PagerRefusedException(Reason.BUSY, "sequence %s: changed while it was forked".formatted(id));
                }
                requireStates(requireInstallable(List.of(copy), true));
                copy.pages().forEach(page -> references[page]++);
                int[] slots = newStates();
                sequences.put(newId, new HeldSequence(copy, slots));
                return new int[][]{source.states(), slots};
            });
            for (int pool = 0; pool < states[0].length; pool++) {
                copySlot(states[0][pool], states[1][pool]);
            }
        });
        return copy;
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
        writing(() -> {
            int[] pages = underTables(() -> {
                LogicalSequence sequence = held(id).sequence();
                int page = page(sequence, position);
                return references[page] == 1 ? new int[]{page, page} : new int[]{page, allocate(freePages, 1, "pages").getFirst()};
            });
            owned[0] = pages[1];
            if (pages[0] != pages[1]) {
                boolean done = false;
                try {
                    copySlot(pages[0], pages[1]);
                    underTables(() -> replacePage(id, position, pages[0], pages[1]));
                    done = true;
                } finally {
                    if (!done) {
                        underTables(() -> {
                            free(freePages, pages[1]);
                            return pages;
                        });
                    }
                }
            }
        });
        return owned[0];
    }

    private HeldSequence replacePage(String id, int position, int former, int page) {
        HeldSequence held = held(id);
        if (page(held.sequence(), position) != former || references[page] != 0) {
            throw new PagerRefusedException(Reason.BUSY, "sequence %s: changed while its page was copied".formatted(id));
        }
        List<Integer> pages = new ArrayList<>(held.sequence().pages());
        pages.set(position, page);
        references[page] = 1;
        references[former]--;
        if (references[former] == 0) {
            free(freePages, former);
        }
        HeldSequence replaced = new HeldSequence(new LogicalSequence(id, pages, held.sequence().lastPageTokens()), held.states());
        sequences.put(id, replaced);
        return replaced;
    }

    private static int page(LogicalSequence sequence, int position) {
        if (position < 0 || position >= sequence.pages().size()) {
            throw new PagerRefusedException(Reason.UNKNOWN,
                    "position %d of sequence %s (expected: 0 to %d)".formatted(position, sequence.id(), sequence.pages().size() - 1));
        }
        return sequence.pages().get(position);
    }

    @Override
    public void readState(String id, String pool, ByteBuffer into) {
        requireLength("state " + pool, 0, into, memory.layout().region(pool).slotBytes());
        reading(() -> {
            readVerified(stateSlot(id, pool), into);
            return into;
        });
    }

    @Override
    public void writeState(String id, String pool, ByteBuffer content) throws InterruptedException {
        requireLength("state " + pool, 0, content, memory.layout().region(pool).slotBytes());
        writing(() -> {
            int slot = stateSlot(id, pool);
            change(slot, () -> write(slot, content));
        });
    }

    /** Returns the slot of a sequence's state, as an engine that has mapped the file addresses it. */
    public int stateSlot(String id, String pool) {
        return underTables(() -> {
            int[] states = held(id).states();
            for (int at = 0; at < states.length; at++) {
                if (meta.states().get(at).name().equals(pool)) {
                    return states[at];
                }
            }
            throw new InvalidValueException("state pool", pool, meta.states().stream().map(StatePool::name).toList().toString());
        });
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

    /**
     * Slots that are taken and belong to no sequence yet.
     *
     * @param states slots of state of each sequence, by the order of the pools
     */
    record Reserved(List<Integer> pages, List<int[]> states) {}

    /** Takes pages, and slots of state for sequences: all or none. */
    Reserved reserve(int pages, int sequences) {
        return reading(() -> underTables(() -> {
            requireStates(sequences);
            List<Integer> taken = allocate(freePages, pages, "pages");
            return new Reserved(taken, Stream.generate(this::newStates).limit(sequences).toList());
        }));
    }

    /** Gives back what was reserved and not installed. */
    void release(Reserved reserved) {
        if (closed) {
            return;
        }
        reading(() -> underTables(() -> {
            reserved.pages().forEach(page -> free(freePages, page));
            reserved.states().forEach(this::freeStates);
            return reserved;
        }));
    }

    private void freeStates(int[] slots) {
        for (int pool = 0; pool < slots.length; pool++) {
            free(free(meta.states().get(pool)), slots[pool]);
        }
    }

    /** Fills a reserved slot from a file, and returns the hash of what is there then. */
    PageHash fill(int slot, FileChannel from, long position) throws IOException {
        requireOpen();
        closing.readLock().lock();
        try {
            requireOpen();
            memory.fill(slot, from, position);
            PageHash hash = memory.hashOf(slot);
            memory.setWritten(slot, 0);
            memory.setCheck(slot, checksums ? memory.checkOf(slot) : null);
            return hash;
        } finally {
            closing.readLock().unlock();
        }
    }

    /**
     * Installs new sequences over reserved slots, all or none.
     *
     * @param packed places from which slots were filled
     */
    void install(List<LogicalSequence> installed, Reserved reserved, Map<Integer, PackPage> packed) throws InterruptedException {
        writing(() -> underTables(() -> {
            requireInstallable(installed, true);
            for (int at = 0; at < installed.size(); at++) {
                LogicalSequence sequence = installed.get(at);
                sequence.pages().forEach(page -> references[page]++);
                sequences.put(sequence.id(), new HeldSequence(sequence, reserved.states().get(at)));
            }
            long epoch = memory.get(PageMemory.Word.EPOCH);
            packed.forEach((slot, page) -> origins[slot] = new PackedAt(page, epoch));
            return installed;
        }));
    }

    // ---- captures and restores

    /**
     * Freezes the pages of all sequences as they are now, under a pause if there is none.
     *
     * @throws PagerRefusedException if another capture takes too long, or the engine does not pause
     */
    FrozenPages freeze() throws InterruptedException {
        if (!capturer.tryLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new PagerRefusedException(Reason.BUSY, "another capture of this pager is under way");
        }
        FrozenPages capture = null;
        try {
            boolean own = underTables(() -> pauseStamp == 0);
            // Before the pause: a write that comes while another one ends waits already.
            long start = System.nanoTime();
            if (own) {
                pause();
            }
            boolean staysPaused = memory.get(PageMemory.Word.ENGINE) == 2;
            boolean frozenNow = false;
            try {
                long epoch = memory.get(PageMemory.Word.EPOCH) + 1;
                FrozenPages begun = underTables(() -> new FrozenPages(this, memory, epoch, List.copyOf(sequences.values()), own, staysPaused));
                memory.set(PageMemory.Word.SAVES_FILLED, 0);
                memory.set(PageMemory.Word.WANTED, 0);
                memory.set(PageMemory.Word.EPOCH, epoch);
                memory.set(PageMemory.Word.CAPTURING, epoch);
                frozen = begun;
                frozenNow = true;
                capture = begun;
            } finally {
                if (own && !(staysPaused && frozenNow)) {
                    resume();
                }
            }
            capture.paused(System.nanoTime() - start);
            return capture;
        } finally {
            if (capture == null) {
                capturer.unlock();
            }
        }
    }

    /** Lets pages be written without being saved. Called once, by the thread that froze them. */
    void thaw(FrozenPages capture) {
        frozen = null;
        reading(() -> {
            memory.set(PageMemory.Word.CAPTURING, 0);
            return capture;
        });
    }

    void endCapture() {
        capturer.unlock();
    }

    /** Runs something with the memory kept open. */
    <T> T reading(Step<T> step) {
        requireOpen();
        closing.readLock().lock();
        try {
            requireOpen();
            return step.run();
        } finally {
            closing.readLock().unlock();
        }
    }

    interface Step<T> {
        T run();
    }

    private interface Change {
        void run() throws InterruptedException;
    }

    private void writing(Change change) throws InterruptedException {
        requireOpen();
        long stamp = gate.tryReadLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (stamp == 0) {
            throw new PagerRefusedException(Reason.PAUSED, "the pager has been paused for longer than " + PATIENCE);
        }
        try {
            closing.readLock().lock();
            try {
                requireOpen();
                change.run();
            } finally {
                closing.readLock().unlock();
            }
        } finally {
            gate.unlockRead(stamp);
        }
    }

    <T> T underTables(Step<T> step) {
        tables.lock();
        try {
            return step.run();
        } finally {
            tables.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new PagerRefusedException(Reason.CLOSED, "the pager is closed");
        }
    }

    /** Returns the place where a slot's content was packed last, if it was not written since. */
    Optional<PackPage> packedAt(int slot) {
        return underTables(() -> Optional.ofNullable(origins[slot]).filter(origin -> memory.written(slot) < origin.epoch()).map(PackedAt::page));
    }

    /** Remembers where slots' contents were packed by a capture. Slots freed since are passed over. */
    void remember(Map<Integer, PackPage> packed, long epoch) {
        underTables(() -> {
            packed.forEach((slot, page) -> {
                if (freedIn[slot] < epoch) {
                    origins[slot] = new PackedAt(page, epoch);
                }
            });
            return packed;
        });
    }

    @Override
    public void close() {
        underTables(() -> {
            closed = true;
            return true;
        });
        FrozenPages capture = frozen;
        if (capture != null) {
            capture.abandon();
        }
        closing.writeLock().lock();
        try {
            memory.close();
        } finally {
            closing.writeLock().unlock();
        }
        resume();
    }
}
