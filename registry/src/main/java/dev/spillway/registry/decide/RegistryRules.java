package dev.spillway.registry.decide;

import java.time.Duration;
import java.time.Instant;

/**
 * Settings of the registry's decisions.
 *
 * @param hostTimeout       a host not heard for so long is AWAY
 * @param orderRetry        time after which an open order is sent again; doubles with each attempt up to {@code orderRetryMax}
 * @param grace             ghosts and orphans younger than this are left alone
 * @param breakerShare      share of a host's replicas beyond which a loss or an orphan sweep waits for a person, from
 *                          {@code breakerFrom} on
 * @param doomChunk         number of replicas of one entry that are doomed in the transaction that evicts it; the sweep dooms the rest
 * @param ordersPerAnswer   largest number of orders in the answer to one heartbeat
 * @param reconcilePageSize rows in one page of a reconciliation
 * @param planChunk         number of entries that one transaction considers for a plan
 * @param plansKept         time for which a plan can be applied after it was made, and for which it is kept after it was applied
 */
public record RegistryRules(Duration heartbeat, Duration hostTimeout, Duration reconcile, Duration orderRetry, Duration orderRetryMax,
        Duration grace,
        double breakerShare, int breakerFrom, int doomChunk, int ordersPerAnswer, int reconcilePageSize, int planChunk,
        Duration plansKept) {
    private static final int PLAN_CHUNK = 2_000;
    private static final Duration PLANS_KEPT = Duration.ofHours(24);

    public static final RegistryRules DEFAULTS = new RegistryRules(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(10),
            Duration.ofSeconds(10), Duration.ofMinutes(10), Duration.ofMinutes(15), 0.5, 3, 1_000, 500, 10_000);

    /** Creates rules with the default bounds on plans. */
    public RegistryRules(Duration heartbeat, Duration hostTimeout, Duration reconcile, Duration orderRetry, Duration orderRetryMax,
            Duration grace, double breakerShare, int breakerFrom, int doomChunk, int ordersPerAnswer, int reconcilePageSize) {
        this(heartbeat, hostTimeout, reconcile, orderRetry, orderRetryMax, grace, breakerShare, breakerFrom, doomChunk, ordersPerAnswer,
                reconcilePageSize, PLAN_CHUNK, PLANS_KEPT);
    }

    /** Returns a time that is no earlier than the next heartbeat of any heard host. */
    Instant soon(Instant now) {
        return now.plus(heartbeat.multipliedBy(2));
    }

    public RegistryRules withPlans(int chunk, Duration kept) {
        return new RegistryRules(heartbeat, hostTimeout, reconcile, orderRetry, orderRetryMax, grace, breakerShare, breakerFrom, doomChunk,
                ordersPerAnswer, reconcilePageSize, chunk, kept);
    }
}
