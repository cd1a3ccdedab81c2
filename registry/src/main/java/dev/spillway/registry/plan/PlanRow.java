package dev.spillway.registry.plan;

import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Place;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A plan. Every writer of it holds its namespace.
 *
 * @param actor     party that requested it
 * @param made      progress of choosing its victims
 * @param applied   progress of applying it
 * @param expiresAt time until which it can be applied; after it was applied, time until which it is kept at least
 */
public record PlanRow(PlanId id, NamespaceName namespace, PlanPurpose purpose, Actor actor, State state, Making made, Tally applied,
        Instant createdAt, Instant expiresAt, @Nullable Instant appliedAt) {
    /** The state of a plan. */
    public enum State {
        /** Its victims are still being chosen. */
        MAKING,
        /** It can be applied. */
        OPEN,
        /** It was carried out in part. Applying it again continues. */
        APPLYING,
        /** Nothing of it is left to do. */
        APPLIED
    }

    /**
     * The choice of victims.
     *
     * @param namespaceEntries entries of the whole namespace when it was begun
     * @param allowed          number of evictions allowed without confirmation
     * @param selectedEntries  number of entries that count for the bounds: the unpinned ones with the prefix; {@code selectedBytes} likewise. Entries
     *                         that go because their time is over, or only with their group, are added when they are chosen
     * @param lookedTo         place in the order of eviction up to which entries were considered
     * @param victims          number of chosen victims; {@code victimBytes} likewise
     */
    public record Making(long namespaceEntries, long allowed, long selectedEntries, long selectedBytes, Place lookedTo, long victims,
            long victimBytes) {
        public Making with(EntryRow victim) {
            return new Making(namespaceEntries, allowed, selectedEntries, selectedBytes, lookedTo, victims + 1,
                    victimBytes + victim.sizeBytes());
        }

        /** Returns the choice with a victim that had not counted for the bounds. */
        public Making withUncounted(EntryRow victim) {
            return new Making(namespaceEntries, allowed, selectedEntries + 1, selectedBytes + victim.sizeBytes(), lookedTo, victims + 1,
                    victimBytes + victim.sizeBytes());
        }

        public Making lookedTo(Place place) {
            return new Making(namespaceEntries, allowed, selectedEntries, selectedBytes, place, victims, victimBytes);
        }
    }

    /**
     * The outcomes of the victims.
     *
     * @param done   number of the last settled victim
     * @param beyond number of entries that setting the policy evicted besides the victims, because they were put after the plan was made; absent if
     *               no policy was set
     */
    public record Tally(long done, long evicted, long evictedBytes, long gone, long replaced, long pinned, long used,
            @Nullable Long beyond) {
        public static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0, 0, null);

        public Tally with(PlanVictim victim, PlanVictim.Outcome outcome) {
            return switch (outcome) {
                case EVICTED ->
                        new Tally(victim.number(), evicted + 1, evictedBytes + victim.sizeBytes(), gone, replaced, pinned, used, beyond);
                case GONE -> new Tally(victim.number(), evicted, evictedBytes, gone + 1, replaced, pinned, used, beyond);
                case REPLACED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced + 1, pinned, used, beyond);
                case PINNED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced, pinned + 1, used, beyond);
                case USED -> new Tally(victim.number(), evicted, evictedBytes, gone, replaced, pinned, used + 1, beyond);
            };
        }

        public Tally beyond(@Nullable Long entries) {
            return new Tally(done, evicted, evictedBytes, gone, replaced, pinned, used, entries);
        }
    }

    /** Returns whether the plan is finished without setting its policy, because too many entries were put after it was made. */
    public boolean isPolicyNotSet() {
        return state == State.APPLIED && purpose instanceof PlanPurpose.SetPolicy && applied.beyond() == null;
    }

    public PlanRow made(Making further, boolean whole) {
        return new PlanRow(id, namespace, purpose, actor, whole ? State.OPEN : State.MAKING, further, applied, createdAt, expiresAt, null);
    }

    public PlanRow applied(Tally further, State now, Instant at, Instant keptUntil) {
        return new PlanRow(id, namespace, purpose, actor, now, made, further, createdAt, keptUntil, now == State.APPLIED ? at : null);
    }
}
