package dev.spillway.events;

/** Reasons for the deletion of a replica: the cause of its entry's eviction, or a reason that concerns the replica alone. */
public enum OrderCause {
    CAPACITY,
    EXPIRED,
    IDLE,
    REPLACED,
    INVALIDATED,
    PRUNED,
    CLEANED,
    PRESSURE,
    LOST,
    /** The replica lies on the host, but the registry has no row for it. */
    ORPHAN,
    /** The entry stays on other hosts, and this host is relieved of its copy. */
    RELIEF;

    public static OrderCause of(EvictionCause cause) {
        return switch (cause) {
            case CAPACITY -> CAPACITY;
            case EXPIRED -> EXPIRED;
            case IDLE -> IDLE;
            case REPLACED -> REPLACED;
            case INVALIDATED -> INVALIDATED;
            case PRUNED -> PRUNED;
            case CLEANED -> CLEANED;
            case PRESSURE -> PRESSURE;
            case LOST -> LOST;
        };
    }
}
