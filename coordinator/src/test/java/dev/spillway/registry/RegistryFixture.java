package dev.spillway.registry;

import dev.spillway.registry.decide.RegistryRules;
import java.time.Duration;

/** Supplies registries to the contracts. */
public interface RegistryFixture {
    /** Without any waiting: whatever may happen after an interval may happen at once. */
    RegistryRules AT_ONCE =
            new RegistryRules(Duration.ofSeconds(5), Duration.ZERO, Duration.ofMinutes(10), Duration.ZERO, Duration.ZERO, Duration.ZERO,
                    0.5, 3, 1_000, 500, 10_000);

    /** An empty registry with 4 partitions, for one test. */
    Registry empty(RegistryRules rules);

    /** Lets so much time pass for what is stored. */
    void pass(Duration time);

    /** Keeps what this registry holds now. */
    Backup backUp(Registry registry);

    /** A state that a registry can be put back into, any number of times. */
    @FunctionalInterface
    interface Backup {
        void restore();
    }

    default Registry empty() {
        return empty(RegistryRules.DEFAULTS);
    }

    static RegistryRules withOrderRetry(Duration first, Duration max) {
        RegistryRules rules = RegistryRules.DEFAULTS;
        return new RegistryRules(rules.heartbeat(), rules.hostTimeout(), rules.reconcile(), first, max, rules.grace(), rules.breakerShare(),
                rules.breakerFrom(), rules.doomChunk(), rules.ordersPerAnswer(), rules.reconcilePageSize());
    }

    static RegistryRules withChunks(int doomChunk, int ordersPerAnswer, int reconcilePageSize) {
        RegistryRules rules = RegistryRules.DEFAULTS;
        return new RegistryRules(rules.heartbeat(), rules.hostTimeout(), rules.reconcile(), rules.orderRetry(), rules.orderRetryMax(),
                rules.grace(),
                rules.breakerShare(), rules.breakerFrom(), doomChunk, ordersPerAnswer, reconcilePageSize);
    }
}
