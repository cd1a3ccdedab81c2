package dev.spillway.registry.model;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.PlanId;
import org.jspecify.annotations.Nullable;

/**
 * One line of the audit trail.
 *
 * @param fact   public part of the eviction
 * @param planId the plan that chose the entry; absent without a plan
 */
public record Eviction(EvictionFact fact, Actor actor, @Nullable PlanId planId) {
    /** Returns whether somebody decided the eviction. A {@code LOST} entry was not decided on, and may return with a host that was not heard. */
    public boolean isDecided() {
        return switch (fact.cause()) {
            case LOST, PRESSURE -> false;
            case CAPACITY, EXPIRED, IDLE, REPLACED, INVALIDATED, PRUNED, CLEANED -> true;
        };
    }
}
