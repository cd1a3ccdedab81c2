package dev.spillway.pager;

/** The free slots of a region. The slot that was freed last is taken first, because its bytes may still be in the processor's cache. */
final class FreeSlots {
    private final int[] slots;
    private int count;

    FreeSlots(SlotRegion region) {
        slots = new int[region.count()];
        while (count < slots.length) {
            slots[count] = region.firstSlot() + slots.length - 1 - count;
            count++;
        }
    }

    int count() {
        return count;
    }

    int take() {
        count--;
        return slots[count];
    }

    void give(int slot) {
        slots[count] = slot;
        count++;
    }
}
