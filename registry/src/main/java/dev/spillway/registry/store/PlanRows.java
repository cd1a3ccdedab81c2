package dev.spillway.registry.store;

import dev.spillway.events.PlanId;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import java.util.List;
import java.util.Optional;

/**
 * The stored plans as one transaction sees them, before any change of that transaction. Nothing here locks; every writer of a plan holds its
 * namespace.
 */
public interface PlanRows {
    Optional<PlanRow> plan(PlanId id);

    /** Returns victims with numbers above {@code after}, in order. */
    List<PlanVictim> victims(PlanId id, long after, int limit);
}
