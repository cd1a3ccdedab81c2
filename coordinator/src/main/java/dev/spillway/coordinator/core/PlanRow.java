package dev.spillway.coordinator.core;

import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A plan. Every writer of it holds its namespace.
 *
 * @param actor     who asked for it
 * @param made      how far its victims are chosen
 * @param applied   how far it was carried out
 * @param expiresAt until when it can be applied; once it was, until when it is kept at least
 */
public record PlanRow(PlanId id, NamespaceName namespace, PlanPurpose purpose, Actor actor, State state, Making made, Tally applied,
        Instant createdAt, Instant expiresAt, @Nullable Instant appliedAt) {
    /** Where a plan stands. */
    public enum State {
        /** Its victims are still being chosen. */
        MAKING,
        /** It can be applied. */
        OPEN,
        /** It was carried out in part; applying it again goes on. */
        APPLYING,
        /** Nothing of it is left to do. */
        APPLIED
    }

    /**
     * The choice of victims.
     *
     * @param namespaceEntries entries of the whole namespace when it was begun
     * @param allowed          how many of them may go without asking
     * @param selectedEntries  what the bounds are judged by: unpinned entries, those with the prefix alone; {@code selectedBytes} likewise. Entries
     *                         that go because a policy's new time is over, or with their group, count only once they were chosen
     * @param lookedTo         place up to which entries were looked at
     * @param victims          how many were chosen; {@code victimBytes} likewise
     */
    public record Making(long namespaceEntries, long allowed, long selectedEntries, long selectedBytes, Place lookedTo, long victims,
            long victimBytes) {
        Making with(EntryRow victim) {
            return new Making(namespaceEntries, allowed, selectedEntries, selectedBytes, lookedTo, victims + 1,
                    victimBytes + victim.sizeBytes());
        }

        /** With a victim that did not count for the bounds before. */
        Making withUncounted(EntryRow victim) {
            return new Making(namespaceEntries, allowed, selectedEntries + 1, selectedBytes + victim.sizeBytes(), lookedTo, victims + 1,
                    victimBytes + victim.sizeBytes());
        }

        Making lookedTo(Place place) {
            return new Making(namespaceEntries, allowed, selectedEntries, selectedBytes, place, victims, victimBytes);
        }
    }

    /**
     * What became of the victims.
     *
     * @param done   up to which number they were dealt with
     * @param beyond how many entries a changed policy took besides, because they came meanwhile; absent where no policy was set
     */
    public record Tally(long done, long evicted, long evictedBytes, long gone, long replaced, long pinned, long used,
            @Nullable Long beyond) {
        static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0, 0, null);

        Tally with(PlanVictim victim, PlanVictim.Outcome outcome) {
            return switch (outcome) {
                case EVICTED ->
                        new Tally(victim.number(), evicted + 1, evictedBytes + victim.sizeBytes(), gone, replaced, pinned, used, beyond);
                case GONE -> new Tally(victim.number(), evicted, evictedBytes, gone + 1, replaced, pinned, used, beyond);
                case REPLACED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced + 1, pinned, used, beyond);
                case PINNED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced, pinned + 1, used, beyond);
                case USED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced, pinned, used + 1, beyond);
            };
        }

        Tally beyond(@Nullable Long entries) {
            return new Tally(done, evicted, evictedBytes, gone, replaced, pinned, used, entries);
        }
    }

    /** Whether nothing of it is left to do and the policy that it was to set is not set, because too much came meanwhile. */
    public boolean isPolicyNotSet() {
        return state == State.APPLIED && purpose instanceof PlanPurpose.SetPolicy && applied.beyond() == null;
    }

    PlanRow made(Making further, boolean whole) {
        return new PlanRow(id, namespace, purpose, actor, whole ? State.OPEN : State.MAKING, further, applied, createdAt, expiresAt, null);
    }

    PlanRow applied(Tally further, State now, Instant at, Instant keptUntil) {
        return new PlanRow(id, namespace, purpose, actor, now, made, further, createdAt, keptUntil, now == State.APPLIED ? at : null);
    }
}
