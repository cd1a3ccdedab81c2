package dev.spillway.api.body;

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

/** Evictions with the state of their orders on each host. */
public final class Evictions {
    private Evictions() {}

    /**
     * An eviction with the state of its orders.
     *
     * @param actor    party that caused it: host:ID, client:NAME, registry:sweep, or unknown
     * @param planId   the plan that chose the entry; absent without a plan
     * @param replicas number of copies that the fleet held
     * @param orders   open orders first, then the others in the order of closing: at most 1,000 for a single eviction, and 100 per eviction in a list
     */
    public record Eviction(
            EvictionId id,
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            EvictionCause cause,
            int replicas,
            SortedMap<String, String> labels,
            Instant evictedAt,
            String actor,
            @Nullable PlanId planId,
            State state,
            List<Orders.ReplicaOrder> orders) {}

    /** The state of an eviction, in lower case on the wire. */
    public enum State {
        /** At least one of its orders is open. */
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
