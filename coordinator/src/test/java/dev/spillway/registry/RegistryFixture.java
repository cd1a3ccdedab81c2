package dev.spillway.registry;

import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.decide.RegistryRules.Chunks;
import dev.spillway.registry.decide.RegistryRules.Contact;
import dev.spillway.registry.decide.RegistryRules.Retry;
import java.time.Duration;

/** Supplies registries to the contracts. */
public interface RegistryFixture {
    /** Without any waiting: whatever may happen after an interval may happen at once. */
    RegistryRules AT_ONCE = RegistryRules.DEFAULTS.with(new Contact(Duration.ofSeconds(5), Duration.ZERO, Duration.ofMinutes(10)))
            .with(new Retry(Duration.ZERO, Duration.ZERO))
            .withGrace(Duration.ZERO);

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
        return RegistryRules.DEFAULTS.with(new Retry(first, max));
    }

    static RegistryRules withChunks(int doomChunk, int ordersPerAnswer, int reconcilePageSize) {
        return RegistryRules.DEFAULTS
                .with(new Chunks(doomChunk, ordersPerAnswer, reconcilePageSize, RegistryRules.DEFAULTS.chunks().plan()));
    }
}
