package dev.spillway.coordinator.core;

import dev.spillway.events.PlanId;
import java.util.List;
import java.util.Optional;

/** The stored plans as one transaction sees them, before any change of that transaction. Nothing here is locked: whoever writes a plan holds its namespace. */
public interface PlanRows {
    Optional<PlanRow> plan(PlanId id);

    /** Victims with numbers behind {@code after}, in order. */
    List<PlanVictim> victims(PlanId id, long after, int limit);
}
