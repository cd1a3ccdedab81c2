package dev.spillway.registry.plan;

import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Place;
import io.soabase.recordbuilder.core.RecordBuilder;
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
@RecordBuilder
public record PlanRow(
        PlanId id,
        NamespaceName namespace,
        PlanPurpose purpose,
        Actor actor,
        State state,
        Making made,
        Tally applied,
        Instant createdAt,
        Instant expiresAt,
        @Nullable Instant appliedAt) implements PlanRowBuilder.With {
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
    @RecordBuilder
    public record Making(
            long namespaceEntries,
            long allowed,
            long selectedEntries,
            long selectedBytes,
            Place lookedTo,
            long victims,
            long victimBytes) implements PlanRowMakingBuilder.With {
        public Making with(EntryRow victim) {
            return with(copy -> copy.victims(victims + 1).victimBytes(victimBytes + victim.sizeBytes()));
        }

        /** Returns the choice with a victim that had not counted for the bounds. */
        public Making withUncounted(EntryRow victim) {
            return with(victim).with(copy -> copy.selectedEntries(selectedEntries + 1).selectedBytes(selectedBytes + victim.sizeBytes()));
        }
    }

    /**
     * The outcomes of the victims.
     *
     * @param done   number of the last settled victim
     * @param beyond number of entries that setting the policy evicted besides the victims, because they were put after the plan was made; absent if
     *               no policy was set
     */
    @RecordBuilder
    public record Tally(
            long done,
            long evicted,
            long evictedBytes,
            long gone,
            long replaced,
            long pinned,
            long used,
            @Nullable Long beyond) implements PlanRowTallyBuilder.With {
        public static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0, 0, null);

        public Tally with(PlanVictim victim, PlanVictim.Outcome outcome) {
            Tally settled = withDone(victim.number());
            return switch (outcome) {
                case EVICTED -> settled.with(copy -> copy.evicted(evicted + 1).evictedBytes(evictedBytes + victim.sizeBytes()));
                case GONE -> settled.withGone(gone + 1);
                case REPLACED -> settled.withReplaced(replaced + 1);
                case PINNED -> settled.withPinned(pinned + 1);
                case USED -> settled.withUsed(used + 1);
            };
        }
    }

    /** Returns whether the plan is finished without setting its policy, because too many entries were put after it was made. */
    public boolean isPolicyNotSet() {
        return state == State.APPLIED && purpose instanceof PlanPurpose.SetPolicy && applied.beyond() == null;
    }

    public PlanRow made(Making further, boolean whole) {
        return with(copy -> copy.made(further).state(whole ? State.OPEN : State.MAKING));
    }

    public PlanRow applied(Tally further, State now, Instant at, Instant keptUntil) {
        return with(copy -> copy.applied(further).state(now).expiresAt(keptUntil).appliedAt(now == State.APPLIED ? at : null));
    }
}
