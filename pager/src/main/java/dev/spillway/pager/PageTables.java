package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The pages and sequences of a pager: the free pages, the pages of each sequence, and the places where contents were packed last. The caller locks
 * it.
 */
final class PageTables {
    private static final int FREE = -1;
    /** Marks a page that a restore or a copy fills, which no other caller may use yet. */
    private static final int RESERVED = -2;
    /** Caps the sequences beyond the number of pages, because sequences without pages take memory, too, which no limit counts. */
    private static final int SEQUENCES_WITHOUT_PAGES_MAX = 100_000;

    private final PagerMeta meta;
    private final PageMemory memory;
    private final PageSlots slots;
    /** State of each page: FREE, RESERVED, or the number of sequences that have it. */
    private final int[] references;
    /** Epoch in which each slot was freed last. */
    private final long[] freedIn;
    private final @Nullable PackedAt[] origins;
    private final FreeSlots freePages;
    private final Map<String, FreeSlots> freeStates = new HashMap<>();
    private final TreeMap<String, HeldSequence> sequences = new TreeMap<>();

    /** A sequence with its slots of state, by the order of the pools. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record HeldSequence(LogicalSequence sequence, int[] states) {}

    /** The last place where the content of a slot was packed, and the epoch of that capture. */
    private record PackedAt(PackPage page, long epoch) {}

    /**
     * Slots that are reserved and belong to no sequence yet. Only the caller that reserved them uses them.
     *
     * @param states slots of state of each sequence, by the order of the pools
     */
    record Reserved(List<Integer> pages, List<int[]> states) {
        private IntStream slots() {
            return IntStream.concat(pages.stream().mapToInt(page -> page), states.stream().flatMapToInt(Arrays::stream));
        }
    }

    PageTables(PagerMeta meta, PageMemory memory, PageSlots slots) {
        this.meta = meta;
        this.memory = memory;
        this.slots = slots;
        PageFileLayout layout = memory.layout();
        this.references = new int[layout.pages()];
        Arrays.fill(references, FREE);
        this.freedIn = new long[layout.slots()];
        this.origins = new PackedAt[layout.slots()];
        this.freePages = new FreeSlots(layout.pageRegion());
        meta.states().forEach(state -> freeStates.put(state.name(), new FreeSlots(layout.region(state.name()))));
    }

    int sequencePageCount() {
        return (int) Arrays.stream(references).filter(count -> count > 0).count();
    }

    int freePageCount() {
        return freePages.count();
    }

    int sequenceCount() {
        return sequences.size();
    }

    List<Integer> occupiedPages() {
        List<Integer> occupied = new ArrayList<>();
        for (int page = 0; page < references.length; page++) {
            if (references[page] >= 0) {
                occupied.add(page);
            }
        }
        return occupied;
    }

    /** Returns the sequences, sorted by id. */
    List<HeldSequence> sequences() {
        return List.copyOf(sequences.values());
    }

    List<Integer> allocatePages(int count) {
        return allocate(freePages, count, "pages");
    }

    private List<Integer> allocate(FreeSlots free, int count, String what) {
        if (count < 0) {
            throw new InvalidValueException("count", count, "0 or more");
        }
        if (count > free.count()) {
            throw new PagerRefusedException(
                    Reason.EXHAUSTED,
                    "%d %s (expected: at most %d, which are free)".formatted(count, what, free.count()));
        }
        long capturing = memory.get(Word.CAPTURING);
        List<Integer> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int slot = free.take();
            if (slot < references.length) {
                references[slot] = 0;
            }
            if (freedIn[slot] < capturing) {
                // The slot was free when the capture began, so the capture does not need it.
                memory.setCopied(slot, capturing);
            }
            taken.add(slot);
        }
        return taken;
    }

    private void free(FreeSlots free, int slot) {
        freedIn[slot] = memory.get(Word.EPOCH);
        memory.setReserved(slot, false);
        origins[slot] = null;
        slots.endUses(slot);
        if (slot < references.length) {
            references[slot] = FREE;
        }
        free.give(slot);
    }

    void freePages(List<Integer> pages) {
        Set<Integer> distinct = new HashSet<>();
        for (int page : pages) {
            requireAllocated(page);
            if (references[page] > 0 || !distinct.add(page)) {
                throw new PagerRefusedException(Reason.SHARED, "page %d: a sequence has it, or it is named twice".formatted(page));
            }
        }
        distinct.forEach(page -> free(freePages, page));
    }

    /** Returns the use of an allocated page by a reader. */
    PageSlots.Use pageToRead(int page) {
        requireAllocated(page);
        return slots.use(page);
    }

    /** Returns the use of a page by a writer. Refuses a page that several sequences have. */
    PageSlots.Use pageToWrite(int page) {
        requireUnshared(page);
        return slots.use(page);
    }

    private void requireAllocated(int page) {
        if (page < 0 || page >= references.length || references[page] == FREE) {
            throw new PagerRefusedException(Reason.UNKNOWN, "page %d: is not allocated".formatted(page));
        }
        if (references[page] == RESERVED) {
            throw new PagerRefusedException(
                    Reason.RESERVED,
                    "page %d: a restore or a copy fills it (expected: a page that was allocated)".formatted(page));
        }
    }

    private void requireUnshared(int page) {
        requireAllocated(page);
        if (references[page] > 1) {
            throw new PagerRefusedException(
                    Reason.SHARED,
                    "page %d: %d sequences have it (expected: one, so make the page its own first)".formatted(page, references[page]));
        }
    }

    /** Reserves slots of state for those sequences that are new. */
    Reserved reserveFor(List<LogicalSequence> installed) {
        requirePages(installed);
        return reserve(0, requireInstallable(installed, false));
    }

    /** Installs sequences, each in place of the one with its id, or as a new one with the next reserved slots of state. */
    void install(List<LogicalSequence> installed, Reserved reserved) {
        requirePages(installed);
        if (requireInstallable(installed, false) != reserved.states().size()) {
            throw new PagerRefusedException(Reason.BUSY, "the sequences changed while others were installed");
        }
        endReservation(reserved);
        Iterator<int[]> states = reserved.states().iterator();
        for (LogicalSequence sequence : installed) {
            HeldSequence former = sequences.get(sequence.id());
            if (former == null) {
                put(sequence, states.next());
            } else {
                replace(former, sequence);
            }
        }
    }

    private void put(LogicalSequence sequence, int[] states) {
        for (int page : sequence.pages()) {
            references[page]++;
            if (references[page] == 2) {
                // The only owner so far may not write a page that is shared from now on.
                slots.endUses(page);
            }
        }
        sequences.put(sequence.id(), new HeldSequence(sequence, states));
    }

    /** Replaces a sequence. A page that both the old and the new one have is neither freed nor shared meanwhile. */
    private void replace(HeldSequence former, LogicalSequence sequence) {
        former.sequence().pages().forEach(page -> references[page]--);
        put(sequence, former.states());
        freeUnowned(former.sequence());
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
                throw new InvalidValueException(
                        "lastPageTokens of " + sequence.id(),
                        sequence.lastPageTokens(),
                        "0 for full, or 1 to " + (meta.page().tokens() - 1));
            }
        }
        long most = (long) references.length + SEQUENCES_WITHOUT_PAGES_MAX;
        if (sequences.size() + (long) created > most) {
            throw new PagerRefusedException(
                    Reason.EXHAUSTED,
                    "%d sequences more than the %d there are (expected: at most %d in all)".formatted(created, sequences.size(), most));
        }
        return created;
    }

    private void requirePages(List<LogicalSequence> installed) {
        for (LogicalSequence sequence : installed) {
            Set<Integer> pages = new HashSet<>();
            for (int page : sequence.pages()) {
                requireAllocated(page);
                if (!pages.add(page)) {
                    throw new PagerRefusedException(Reason.INVALID, "sequence %s: has page %d twice".formatted(sequence.id(), page));
                }
            }
        }
    }

    private void requireStates(int created) {
        for (FreeSlots free : freeStates.values()) {
            if (created > free.count()) {
                throw new PagerRefusedException(
                        Reason.EXHAUSTED,
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

    private void freeUnowned(LogicalSequence sequence) {
        for (int page : sequence.pages()) {
            if (references[page] == 0) {
                free(freePages, page);
            }
        }
    }

    /** Removes a sequence. */
    void remove(String id) {
        HeldSequence held = held(id);
        sequences.remove(id);
        held.sequence().pages().forEach(page -> references[page]--);
        freeUnowned(held.sequence());
        freeStates(held.states());
    }

    private void freeStates(int[] slots) {
        for (int pool = 0; pool < slots.length; pool++) {
            free(free(meta.states().get(pool)), slots[pool]);
        }
    }

    HeldSequence held(String id) {
        HeldSequence held = sequences.get(id);
        if (held == null) {
            throw new PagerRefusedException(Reason.UNKNOWN, "sequence %s: does not exist".formatted(id));
        }
        return held;
    }

    /**
     * Makes a sequence that shares all pages of another one, with reserved slots of state.
     *
     * @param states uses of the other sequence's states, from which the reserved slots were filled
     */
    LogicalSequence fork(String id, List<PageSlots.Use> states, String newId, Reserved reserved) {
        if (!states(id).equals(states)) {
            throw new PagerRefusedException(Reason.BUSY, "sequence %s: was replaced while its state was copied".formatted(id));
        }
        LogicalSequence sequence = held(id).sequence();
        LogicalSequence copy = new LogicalSequence(newId, sequence.pages(), sequence.lastPageTokens());
        requireInstallable(List.of(copy), true);
        endReservation(reserved);
        put(copy, reserved.states().getFirst());
        return copy;
    }

    /** Returns the page at a position. */
    int page(String id, int position) {
        List<Integer> pages = held(id).sequence().pages();
        if (position < 0 || position >= pages.size()) {
            throw new PagerRefusedException(
                    Reason.UNKNOWN,
                    "position %d of sequence %s (expected: 0 to %d)".formatted(position, id, pages.size() - 1));
        }
        return pages.get(position);
    }

    boolean isShared(int page) {
        return references[page] > 1;
    }

    /** Replaces a shared page of a sequence by its copy in a reserved page. */
    void replacePage(String id, int position, PageSlots.Use former, Reserved copy) {
        if (page(id, position) != former.slot() || !slots.isValid(former) || !isShared(former.slot())) {
            throw new PagerRefusedException(Reason.BUSY, "sequence %s: changed while its page was copied".formatted(id));
        }
        HeldSequence held = held(id);
        List<Integer> pages = new ArrayList<>(held.sequence().pages());
        pages.set(position, copy.pages().getFirst());
        endReservation(copy);
        replace(held, new LogicalSequence(id, pages, held.sequence().lastPageTokens()));
    }

    /** Returns the uses of a sequence's slots of state, by the order of the pools. */
    List<PageSlots.Use> states(String id) {
        return Arrays.stream(held(id).states()).mapToObj(slots::use).toList();
    }

    PageSlots.Use state(String id, String pool) {
        int[] states = held(id).states();
        for (int at = 0; at < states.length; at++) {
            if (meta.states().get(at).name().equals(pool)) {
                return slots.use(states[at]);
            }
        }
        throw new InvalidValueException("state pool", pool, meta.states().stream().map(StatePool::name).toList().toString());
    }

    /** Reserves pages, and slots of state for sequences: all or none. */
    Reserved reserve(int pages, int sequenceCount) {
        requireStates(sequenceCount);
        List<Integer> taken = allocatePages(pages);
        Reserved reserved = new Reserved(taken, Stream.generate(this::newStates).limit(sequenceCount).toList());
        taken.forEach(page -> references[page] = RESERVED);
        reserved.slots().forEach(slot -> memory.setReserved(slot, true));
        return reserved;
    }

    private void endReservation(Reserved reserved) {
        reserved.pages().forEach(page -> references[page] = 0);
        reserved.slots().forEach(slot -> memory.setReserved(slot, false));
    }

    /** Releases reserved slots that were not installed. */
    void release(Reserved reserved) {
        reserved.pages().forEach(page -> free(freePages, page));
        reserved.states().forEach(this::freeStates);
    }

    /**
     * Installs new sequences over reserved slots, all or none.
     *
     * @param packed places from which slots were filled
     */
    void install(List<LogicalSequence> installed, Reserved reserved, Map<Integer, PackPage> packed) {
        requireInstallable(installed, true);
        endReservation(reserved);
        for (int at = 0; at < installed.size(); at++) {
            put(installed.get(at), reserved.states().get(at));
        }
        long epoch = memory.get(Word.EPOCH);
        packed.forEach((slot, page) -> origins[slot] = new PackedAt(page, epoch));
    }

    /** Returns the place where a slot's content was packed last; empty if the slot was written since. */
    Optional<PackPage> packedAt(int slot) {
        return Optional.ofNullable(origins[slot]).filter(origin -> memory.written(slot) < origin.epoch()).map(PackedAt::page);
    }

    /** Remembers the places where a capture packed the contents of slots. Ignores slots that were freed since. */
    void remember(Map<Integer, PackPage> packed, long epoch) {
        packed.forEach((slot, page) -> {
            if (freedIn[slot] < epoch) {
                origins[slot] = new PackedAt(page, epoch);
            }
        });
    }
}
