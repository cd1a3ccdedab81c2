package dev.spillway.registry.model;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A host as the registry knows it.
 *
 * @param joinedAs  its current incarnation
 * @param lastHeard figures and state that it told last
 * @param participation conditions under which it takes part
 */
public record HostRow(HostId id, HostState state, Incarnation joinedAs, LastHeard lastHeard, Participation participation) {
    /**
     * An incarnation of a host. A join begins it, and the next join or a retirement ends it.
     *
     * @param partition partition of {@code spillway.orders} that carries the host's orders
     * @param processId process of the worker that joined
     */
    public record Incarnation(long number, StoreId storeId, String address, int partition, UUID processId) {
        Incarnation next() {
            return new Incarnation(number + 1, storeId, address, partition, processId);
        }
    }

    /**
     * Figures and state that a host told last.
     *
     * @param reconciledAt   end of its last reconciliation; absent if there was none
     * @param readoptedEpoch the latest epoch in which it has reported everything that it holds
     */
    public record LastHeard(Instant at, HostFigures figures, @Nullable Instant reconciledAt, long readoptedEpoch) {
        LastHeard with(HostFigures latest) {
            return new LastHeard(at, latest, reconciledAt, readoptedEpoch);
        }

        LastHeard heardAt(Instant now) {
            return new LastHeard(now, figures, reconciledAt, readoptedEpoch);
        }

        public LastHeard reconciled(Instant now) {
            return new LastHeard(at, figures, now, readoptedEpoch);
        }

        LastHeard readoptedIn(long epoch) {
            return new LastHeard(at, figures, reconciledAt, epoch);
        }
    }

    /**
     * Conditions under which a host takes part.
     *
     * @param readmitted     an operator allowed it, or a new store under its id, to join again
     * @param reconcileFirst it serves no reads until its first reconciliation is answered
     * @param attention      what needs an operator, in one line; absent if nothing does
     * @param drain          progress of its drain; absent if it does not drain
     */
    public record Participation(boolean readmitted, boolean reconcileFirst, @Nullable String attention, @Nullable HostDrain drain) {
        static final Participation NONE = new Participation(false, false, null, null);

        Participation reconcilesFirst() {
            return new Participation(readmitted, true, attention, drain);
        }

        public Participation asking(@Nullable String waitsForPerson) {
            return new Participation(readmitted, reconcileFirst, waitsForPerson, drain);
        }

        public Participation draining(@Nullable HostDrain wanted) {
            return new Participation(readmitted, reconcileFirst, attention, wanted);
        }
    }

    /** Creates the row of a host that joins for the first time. */
    public static HostRow first(HostId id, StoreId store, String address, int partition, UUID process, boolean comparedFirst, Instant now) {
        return new HostRow(
                id,
                HostState.ACTIVE,
                new Incarnation(1, store, address, partition, process),
                new LastHeard(now, HostFigures.NONE, null, 0),
                comparedFirst ? Participation.NONE.reconcilesFirst() : Participation.NONE);
    }

    public HostRow joined(StoreId store, String at, UUID process, int ordersFrom, boolean comparedFirst, Instant now) {
        return new HostRow(
                id,
                HostState.ACTIVE,
                new Incarnation(incarnation() + 1, store, at, ordersFrom, process),
                lastHeard.heardAt(now),
                comparedFirst ? participation.reconcilesFirst() : participation);
    }

    public HostRow heard(Instant now, HostFigures latest) {
        return new HostRow(id, HostState.ACTIVE, joinedAs, lastHeard.heardAt(now).with(latest), participation);
    }

    public HostRow in(HostState next) {
        return new HostRow(id, next, joinedAs, lastHeard, participation);
    }

    public HostRow retired() {
        return new HostRow(id, HostState.RETIRED, joinedAs.next(), lastHeard.with(HostFigures.NONE), Participation.NONE);
    }

    public HostRow admitted() {
        return with(new Participation(true, true, null, null));
    }

    /** Returns the row after a reconciliation. The readmission lasts until everything that the operator gave up is settled. */
    public HostRow reconciled(Instant now, boolean settled, @Nullable String waitsForPerson) {
        return new HostRow(
                id,
                state,
                joinedAs,
                lastHeard.reconciled(now),
                new Participation(readmitted() && !settled, false, waitsForPerson, drain()));
    }

    public HostRow asking(@Nullable String waitsForPerson) {
        return with(participation.asking(waitsForPerson));
    }

    public HostRow draining(@Nullable HostDrain wanted) {
        return with(participation.draining(wanted));
    }

    /**
     * Returns the row with the epoch in which it reported everything: a later one when it has, an earlier one if it joins to report again. Clears the
     * question to a person.
     */
    public HostRow readopted(long inEpoch) {
        return new HostRow(id, state, joinedAs, lastHeard.readoptedIn(inEpoch), participation.asking(null));
    }

    private HostRow with(Participation next) {
        return new HostRow(id, state, joinedAs, lastHeard, next);
    }

    public StoreId storeId() {
        return joinedAs.storeId();
    }

    public String address() {
        return joinedAs.address();
    }

    public long incarnation() {
        return joinedAs.number();
    }

    public int partition() {
        return joinedAs.partition();
    }

    public UUID processId() {
        return joinedAs.processId();
    }

    public Instant lastHeardAt() {
        return lastHeard.at();
    }

    public HostFigures figures() {
        return lastHeard.figures();
    }

    public @Nullable Instant lastReconciledAt() {
        return lastHeard.reconciledAt();
    }

    public long readoptedEpoch() {
        return lastHeard.readoptedEpoch();
    }

    public boolean readmitted() {
        return participation.readmitted();
    }

    public boolean reconcileFirst() {
        return participation.reconcileFirst();
    }

    public @Nullable String attention() {
        return participation.attention();
    }

    public @Nullable HostDrain drain() {
        return participation.drain();
    }

    public boolean isDraining() {
        return drain() != null && state != HostState.RETIRED;
    }

    /** Returns the state that people are shown. */
    public HostState shownState() {
        return isDraining() && state == HostState.ACTIVE ? HostState.DRAINING : state;
    }

    /** Returns whether a draining host may delete a copy because this host holds one: this host is heard, needs no operator, and does not drain. */
    public boolean isReliedOn() {
        return state == HostState.ACTIVE && drain() == null && !reconcileFirst() && attention() == null;
    }

    /** Returns whether it is still to report what it holds in this epoch. */
    public boolean isUnheard(long inEpoch) {
        return readoptedEpoch() < inEpoch && state != HostState.RETIRED;
    }
}
