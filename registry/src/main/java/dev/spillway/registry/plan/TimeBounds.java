package dev.spillway.registry.plan;

import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Policy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Times at or before which an entry is overdue, if it was created or last used then.
 *
 * @param createdUntil latest overdue time of creation; absent if creation is not judged
 * @param usedUntil    latest overdue time of last use; absent if use is not judged
 */
public record TimeBounds(@Nullable Instant createdUntil, @Nullable Instant usedUntil) {
    static final TimeBounds NONE = new TimeBounds(null, null);

    /** Returns the bounds of those times that a policy adds or shortens. */
    public static TimeBounds tightened(Policy before, Policy after, Instant now) {
        return new TimeBounds(tightened(before.ttl(), after.ttl(), now), tightened(before.maxIdle(), after.maxIdle(), now));
    }

    private static @Nullable Instant tightened(@Nullable Duration before, @Nullable Duration after, Instant now) {
        return after == null || (before != null && before.compareTo(after) <= 0) ? null : now.minus(after);
    }

    public boolean judgeNothing() {
        return createdUntil == null && usedUntil == null;
    }

    /**
     * Returns why entries that go together are overdue; null if they are not.
     *
     * @param whole an entry, or the entries of a group in the order of use
     */
    public PlanVictim.@Nullable Reason reasonFor(List<EntryRow> whole) {
        if (createdUntil != null && whole.stream().anyMatch(entry -> !entry.createdAt().isAfter(createdUntil))) {
            return PlanVictim.Reason.EXPIRED;
        }
        return usedUntil != null && !whole.getLast().lastAccessedAt().isAfter(usedUntil) ? PlanVictim.Reason.IDLE : null;
    }
}
