package dev.spillway.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Evictions and what became of them on each host. */
public final class Evictions {
    private Evictions() {}

    /**
     * An eviction and what became of it on each host.
     *
     * @param actor    who asked for it: host:ID, client:NAME, registry:sweep, or unknown
     * @param planId   the plan that named the entry, if one did
     * @param replicas how many copies the fleet held
     * @param orders   those that are open first, then as they were closed: at most 1,000 of an eviction that is asked for alone, and 100 of each in a list
     */
    public record Eviction(EvictionId id, NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes,
            EvictionCause cause, int replicas, SortedMap<String, String> labels, Instant evictedAt, String actor, @Nullable PlanId planId,
            State state, List<Orders.ReplicaOrder> orders) {}

    /** The state of an eviction, in lower case on the wire. */
    public enum State {
        /** An order of it is open. */
        @JsonProperty("open")
        OPEN,
        /** Every host has confirmed. */
        @JsonProperty("closed")
        CLOSED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
