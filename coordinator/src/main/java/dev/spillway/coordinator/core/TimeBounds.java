package dev.spillway.coordinator.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Instants by which times judge entries: the time of an entry is over if it was created until the one, or last used until the other.
 *
 * @param createdUntil absent where creation is not judged
 * @param usedUntil    absent where use is not judged
 */
public record TimeBounds(@Nullable Instant createdUntil, @Nullable Instant usedUntil) {
    static final TimeBounds NONE = new TimeBounds(null, null);

    /** Those of the times that a policy gets or shortens. */
    static TimeBounds tightened(Policy before, Policy after, Instant now) {
        return new TimeBounds(tightened(before.ttl(), after.ttl(), now), tightened(before.maxIdle(), after.maxIdle(), now));
    }

    private static @Nullable Instant tightened(@Nullable Duration before, @Nullable Duration after, Instant now) {
        return after == null || (before != null && before.compareTo(after) <= 0) ? null : now.minus(after);
    }

    public boolean judgeNothing() {
        return createdUntil == null && usedUntil == null;
    }

    /**
     * Returns why the time of entries that go together is over; null if it is not.
     *
     * @param whole an entry, or the entries of a group in the order of use
     */
    PlanVictim.@Nullable Reason reasonFor(List<EntryRow> whole) {
        if (createdUntil != null && whole.stream().anyMatch(entry -> !entry.createdAt().isAfter(createdUntil))) {
            return PlanVictim.Reason.EXPIRED;
        }
        return usedUntil != null && !whole.getLast().lastAccessedAt().isAfter(usedUntil) ? PlanVictim.Reason.IDLE : null;
    }
}
