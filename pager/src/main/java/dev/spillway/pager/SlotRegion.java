package dev.spillway.pager;

/**
 * A run of equal slots in a pager's file: its pages, or one pool of state.
 *
 * @param firstSlot number of its first slot among all slots of the file
 */
record SlotRegion(long offset, long slotBytes, int count, int firstSlot) {
    boolean has(int slot) {
        return slot >= firstSlot && slot - firstSlot < count;
    }

    long offsetOf(int slot) {
        return offset + (slot - firstSlot) * slotBytes;
    }

    long end() {
        return offset + count * slotBytes;
    }
}
