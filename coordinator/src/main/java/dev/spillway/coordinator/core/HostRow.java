package dev.spillway.coordinator.core;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A host as the registry knows it.
 *
 * @param readmitted     an operator allowed it, or a new store under its id, to join again
 * @param reconcileFirst it serves no reads until its first reconciliation is answered
 * @param attention      what needs an operator, in one line; absent if nothing does
 * @param processId      id of the worker process that joined last
 * @param drain          state of its drain; absent for a host that does not drain
 * @param readoptedEpoch the latest epoch in which it has reported everything that it holds
 */
public record HostRow(HostId id, StoreId storeId, String address, HostState state, long incarnation, int partition, Instant lastHeardAt,
        HostFigures figures, boolean readmitted, boolean reconcileFirst, @Nullable Instant lastReconciledAt, @Nullable String attention,
        UUID processId, @Nullable Drain drain, long readoptedEpoch) {
    HostRow heard(Instant now, HostFigures latest) {
        return new HostRow(id, storeId, address, HostState.ACTIVE, incarnation, partition, now, latest, readmitted, reconcileFirst,
                lastReconciledAt,
                attention, processId, drain, readoptedEpoch);
    }

    HostRow in(HostState next) {
        return new HostRow(id, storeId, address, next, incarnation, partition, lastHeardAt, figures, readmitted, reconcileFirst,
                lastReconciledAt,
                attention, processId, drain, readoptedEpoch);
    }

    HostRow joined(StoreId store, String at, UUID process, int ordersFrom, boolean comparedFirst, Instant now) {
        return new HostRow(id, store, at, HostState.ACTIVE, incarnation + 1, ordersFrom, now, figures, readmitted,
                reconcileFirst || comparedFirst,
                lastReconciledAt,
                attention, process, drain, readoptedEpoch);
    }

    HostRow retired() {
        return new HostRow(id, storeId, address, HostState.RETIRED, incarnation + 1, partition, lastHeardAt, HostFigures.NONE, false, false,
                lastReconciledAt, null, processId, null, readoptedEpoch);
    }

    HostRow admitted() {
        return new HostRow(id, storeId, address, state, incarnation, partition, lastHeardAt, figures, true, true, lastReconciledAt, null,
                processId, null, readoptedEpoch);
    }

    /** Returns the row after a reconciliation. The readmission lasts until everything that the operator gave up is settled. */
    HostRow reconciled(Instant now, boolean settled, @Nullable String waitsForPerson) {
        return new HostRow(id, storeId, address, state, incarnation, partition, lastHeardAt, figures, readmitted && !settled, false, now,
                waitsForPerson, processId, drain, readoptedEpoch);
    }

    HostRow asking(@Nullable String waitsForPerson) {
        return new HostRow(id, storeId, address, state, incarnation, partition, lastHeardAt, figures, readmitted, reconcileFirst,
                lastReconciledAt,
                waitsForPerson, processId, drain, readoptedEpoch);
    }

    HostRow draining(@Nullable Drain wanted) {
        return new HostRow(id, storeId, address, state, incarnation, partition, lastHeardAt, figures, readmitted, reconcileFirst,
                lastReconciledAt, attention, processId, wanted, readoptedEpoch);
    }

    public boolean isDraining() {
        return drain != null && state != HostState.RETIRED;
    }

    /** Returns the state that people are shown. */
    public HostState shownState() {
        return isDraining() && state == HostState.ACTIVE ? HostState.DRAINING : state;
    }

    /** Returns whether a draining host may delete a copy because this host holds one: this host is heard, needs no operator, and does not drain. */
    boolean isReliedOn() {
        return state == HostState.ACTIVE && drain == null && !reconcileFirst && attention == null;
    }

    /** Returns whether it is still to report what it holds in this epoch. */
    public boolean isUnheard(long inEpoch) {
        return readoptedEpoch < inEpoch && state != HostState.RETIRED;
    }

    /**
     * Returns the row with the epoch in which it reported everything: a later epoch once it has, an earlier one if it joins to report again. Clears
     * what waits for an operator.
     */
    HostRow readopted(long inEpoch) {
        return new HostRow(id, storeId, address, state, incarnation, partition, lastHeardAt, figures, readmitted, reconcileFirst,
                lastReconciledAt, null, processId, drain, inEpoch);
    }
}
