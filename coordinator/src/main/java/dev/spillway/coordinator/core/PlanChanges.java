package dev.spillway.coordinator.core;

import dev.spillway.events.PlanId;
import java.util.List;
import java.util.SortedMap;

/**
 * The changes of a transaction to plans.
 *
 * @param plans   new or changed rows
 * @param chosen  new victims of each
 * @param settled old victims of each, now with their outcome
 */
public record PlanChanges(SortedMap<PlanId, PlanRow> plans, SortedMap<PlanId, List<PlanVictim>> chosen,
        SortedMap<PlanId, List<PlanVictim>> settled) {}
