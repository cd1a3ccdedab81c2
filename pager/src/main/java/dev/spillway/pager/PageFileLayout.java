package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The offsets and sizes of all parts of a pager's file. */
final class PageFileLayout {
    static final int HEADER_BYTES = 4096;
    static final int RECORD_BYTES = 64;
    static final long RECORDS_OFFSET = 64 << 10;
    static final int SLOTS_MAX = 1 << 26;
    private static final long DATA_ALIGNMENT = 2 << 20;
    private static final long BLOCK = 4096;

    private final SlotRegion pages;
    private final Map<String, SlotRegion> states = new LinkedHashMap<>();
    private final SlotRegion saves;
    private final int slots;

    /**
     * @param stateSlots slots of each state pool, one per sequence
     * @param saves      slots in which an engine saves old bytes that a capture has not read yet
     */
    PageFileLayout(PagerMeta meta, int pageCount, int stateSlots, int saves) {
        requireCount("pages", pageCount, 1);
        requireCount("stateSlots", stateSlots, meta.states().isEmpty() ? 0 : 1);
        requireCount("saves", saves, 0);
        long all = pageCount + (long) stateSlots * meta.states().size();
        requireCount("slots", all, 1);
        this.slots = (int) all;
        this.pages = new SlotRegion(aligned(RECORDS_OFFSET + all * RECORD_BYTES, DATA_ALIGNMENT), meta.page().bytes(), pageCount, 0);
        long most = pages.slotBytes();
        SlotRegion last = pages;
        for (StatePool state : meta.states()) {
            last = new SlotRegion(aligned(last.end(), BLOCK), state.bytes(), stateSlots, last.firstSlot() + last.count());
            states.put(state.name(), last);
            most = Math.max(most, last.slotBytes());
        }
        this.saves = new SlotRegion(aligned(last.end(), BLOCK), most, saves, 0);
    }

    private static void requireCount(String name, long count, int least) {
        if (count < least || count > SLOTS_MAX) {
            throw new InvalidValueException(name, count, least + " to " + SLOTS_MAX);
        }
    }

    private static long aligned(long offset, long alignment) {
        return Math.ceilDiv(offset, alignment) * alignment;
    }

    long bytes() {
        return aligned(saves.end(), BLOCK);
    }

    /** Returns the number of all slots: pages and slots of state. */
    int slots() {
        return slots;
    }

    int pages() {
        return pages.count();
    }

    long dataOffset() {
        return pages.offset();
    }

    SlotRegion pageRegion() {
        return pages;
    }

    SlotRegion saves() {
        return saves;
    }

    SlotRegion region(String state) {
        SlotRegion region = states.get(state);
        if (region == null) {
            throw new InvalidValueException("state pool", state, states.keySet().toString());
        }
        return region;
    }

    SlotRegion region(int slot) {
        if (pages.has(slot)) {
            return pages;
        }
        for (SlotRegion region : states.values()) {
            if (region.has(slot)) {
                return region;
            }
        }
        throw new InvalidValueException("slot", slot, "0 to " + (slots - 1));
    }
}
