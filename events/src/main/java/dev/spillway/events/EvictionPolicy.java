package dev.spillway.events;

/** The order in which a namespace's entries go when there is no room. */
public enum EvictionPolicy {
    /** The entry that was not used for the longest time goes first. */
    LRU,
    /**
     * The entry that saves the least time per byte goes first: Greedy Dual Size Frequency (Cherkasova, HP Labs 1998). Each use gives an entry the
     * priority {@code age + uses * cost / size}. The age of the namespace is the highest priority of any entry that went for room, so that what was
     * used often long ago goes, too. Of equal priorities, the one that was used earlier goes first.
     */
    GDSF
}
