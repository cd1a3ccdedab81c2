package dev.spillway.registry.store;

import dev.spillway.events.PlanId;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import java.util.List;
import java.util.SortedMap;

/**
 * The changes of a transaction to plans.
 *
 * @param plans   new or changed rows
 * @param chosen  newly chosen victims of each plan
 * @param settled victims chosen earlier, now with their outcome
 */
public record PlanChanges(
        SortedMap<PlanId, PlanRow> plans,
        SortedMap<PlanId, List<PlanVictim>> chosen,
        SortedMap<PlanId, List<PlanVictim>> settled) {}
