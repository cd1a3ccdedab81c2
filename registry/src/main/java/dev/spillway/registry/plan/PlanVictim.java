package dev.spillway.registry.plan;

import dev.spillway.events.EntryKey;
import dev.spillway.events.SnapshotId;
import io.soabase.recordbuilder.core.RecordBuilder;
import org.jspecify.annotations.Nullable;

/**
 * An entry named by a plan, as it was when it was chosen.
 *
 * @param number  number from 1, in the order of eviction
 * @param lastUse use number of its last use, to tell whether it was used since
 * @param follows whether it goes together with the victim before it, because both are in one group
 * @param outcome outcome of applying the plan; absent until then
 */
@RecordBuilder
public record PlanVictim(
        long number,
        EntryKey key,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        long lastUse,
        Reason reason,
        boolean follows,
        @Nullable Outcome outcome) implements PlanVictimBuilder.With {
    /** The reason for choosing it. */
    public enum Reason {
        /** Its age exceeds the new TTL. */
        EXPIRED,
        /** It was not used for longer than the time asked for. */
        IDLE,
        /** It was next in the order of eviction while there were too many entries. */
        OVER_MAX_ENTRIES,
        /** It was next in the order of eviction while the entries had too many bytes. */
        OVER_MAX_BYTES
    }

    /** The outcome for a victim. */
    public enum Outcome {
        EVICTED,
        /** The entry no longer existed. */
        GONE,
        /** The key named another image. */
        REPLACED,
        /** The entry was pinned. */
        PINNED,
        /** The entry was used. */
        USED
    }
}
