package dev.spillway.registry.decide;

import java.time.Duration;
import java.time.Instant;

/**
 * Settings of the registry's decisions.
 *
 * @param grace     ghosts and orphans younger than this are left alone
 * @param plansKept time for which a plan can be applied after it was made, and for which it is kept after it was applied
 */
public record RegistryRules(Contact contact, Retry retry, Breaker breaker, Duration grace, Chunks chunks, Duration plansKept) {
    public static final RegistryRules DEFAULTS = new RegistryRules(
            new Contact(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(10)),
            new Retry(Duration.ofSeconds(10), Duration.ofMinutes(10)),
            new Breaker(0.5, 3),
            Duration.ofMinutes(15),
            new Chunks(1_000, 500, 10_000, 2_000),
            Duration.ofHours(24));

    /**
     * Times between messages of a host.
     *
     * @param timeout a host not heard for so long is AWAY
     */
    public record Contact(Duration heartbeat, Duration timeout, Duration reconcile) {}

    /**
     * Repetition of open orders.
     *
     * @param first time after which an order is sent again; doubles with each attempt up to {@code max}
     */
    public record Retry(Duration first, Duration max) {}

    /**
     * A loss or an orphan sweep of many replicas at once waits for a person.
     *
     * @param share share of a host's replicas beyond which it waits
     * @param from  smallest number of replicas for which it waits
     */
    public record Breaker(double share, int from) {}

    /**
     * Bounds on the work of one transaction or answer.
     *
     * @param doom            number of replicas of one entry that are doomed in the transaction that evicts it; the sweep dooms the rest
     * @param ordersPerAnswer largest number of orders in the answer to one heartbeat
     * @param reconcilePage   rows in one page of a reconciliation
     * @param plan            number of entries that one transaction considers for a plan
     */
    public record Chunks(int doom, int ordersPerAnswer, int reconcilePage, int plan) {}

    public RegistryRules with(Contact other) {
        return new RegistryRules(other, retry, breaker, grace, chunks, plansKept);
    }

    public RegistryRules with(Retry other) {
        return new RegistryRules(contact, other, breaker, grace, chunks, plansKept);
    }

    public RegistryRules with(Breaker other) {
        return new RegistryRules(contact, retry, other, grace, chunks, plansKept);
    }

    public RegistryRules with(Chunks other) {
        return new RegistryRules(contact, retry, breaker, grace, other, plansKept);
    }

    public RegistryRules withGrace(Duration other) {
        return new RegistryRules(contact, retry, breaker, other, chunks, plansKept);
    }

    public RegistryRules withPlans(int chunk, Duration kept) {
        Chunks planned = new Chunks(chunks.doom(), chunks.ordersPerAnswer(), chunks.reconcilePage(), chunk);
        return new RegistryRules(contact, retry, breaker, grace, planned, kept);
    }

    /** Returns a time that is no earlier than the next heartbeat of any heard host. */
    Instant soon(Instant now) {
        return now.plus(contact.heartbeat().multipliedBy(2));
    }
}
