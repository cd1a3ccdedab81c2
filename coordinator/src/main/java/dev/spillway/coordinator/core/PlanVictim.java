package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/**
 * An entry named by a plan, as it was when it was chosen.
 *
 * @param number  number from 1, in the order of eviction
 * @param lastUse tells whether it was used since
 * @param follows goes together with the victim before it, whose group it is in
 * @param outcome outcome of applying the plan; absent until then
 */
public record PlanVictim(long number, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, long lastUse, Reason reason,
        boolean follows, @Nullable Outcome outcome) {
    /** The reason for choosing it. */
    public enum Reason {
        /** It was put longer ago than the new time to live. */
        EXPIRED,
        /** Nobody used it for longer than was asked for. */
        IDLE,
        /** It was among the least recently used while there were too many. */
        OVER_MAX_ENTRIES,
        /** It was among the least recently used while they had too many bytes. */
        OVER_MAX_BYTES
    }

    /** The outcome for a victim. */
    public enum Outcome {
        EVICTED,
        /** The entry was not there any more. */
        GONE,
        /** The key had got another image. */
        REPLACED,
        /** The entry was pinned. */
        PINNED,
        /** The entry was used. */
        USED
    }

    PlanVictim with(Outcome became) {
        return new PlanVictim(number, key, snapshotId, generation, sizeBytes, lastUse, reason, follows, became);
    }
}
