package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/**
 * An entry that a plan names, as it was when it was chosen.
 *
 * @param number  from 1, in the order in which they are to go
 * @param lastUse tells whether it was used since
 * @param outcome what became of it when the plan was applied; absent until then
 */
public record PlanVictim(long number, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, long lastUse, Reason reason,
        @Nullable Outcome outcome) {
    /** Why it was chosen. */
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

    /** What became of it. */
    public enum Outcome {
        EVICTED,
        /** It was not there any more. */
        GONE,
        /** Its key had got another image. */
        REPLACED,
        /** Somebody had pinned it. */
        PINNED,
        /** Somebody had used it. */
        USED
    }

    PlanVictim with(Outcome became) {
        return new PlanVictim(number, key, snapshotId, generation, sizeBytes, lastUse, reason, became);
    }
}
