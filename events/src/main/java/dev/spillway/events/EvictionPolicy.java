package dev.spillway.events;

/** The order in which a namespace evicts entries for lack of room. */
public enum EvictionPolicy {
    /** The least recently used entry is evicted first. */
    LRU,
    /**
     * The entry that saves the least time per byte is evicted first: Greedy Dual Size Frequency (Cherkasova, HP Labs 1998). Each use gives an entry
     * the priority {@code age + uses * cost / size}. The age of the namespace is the highest priority of any entry that was evicted for room. So
     * entries that were used often, but long ago, are evicted, too. Of equal priorities, the entry that was used earlier is evicted first.
     */
    GDSF
}
