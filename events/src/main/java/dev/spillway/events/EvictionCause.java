package dev.spillway.events;

/** Causes of evictions. */
public enum EvictionCause {
    /** Another entry needed the room. */
    CAPACITY,
    /** Its time to live ran out. */
    EXPIRED,
    /** Nobody used it for too long. */
    IDLE,
    /** A put of the same key brought another image. */
    REPLACED,
    /** A caller deleted it by key. */
    INVALIDATED,
    /** A prune chose it. */
    PRUNED,
    /** Its whole namespace was cleaned. */
    CLEANED,
    /** Its last holder dropped its copy by its own bounds. */
    PRESSURE,
    /** Its last holder lost it. */
    LOST
}
