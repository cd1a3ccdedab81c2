package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.PostgresRegistry;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Metrics of how commands share transactions, and how many wait for one. */
final class TransactionFigures {
    private TransactionFigures() {}

    static void register(PostgresRegistry registry, MeterRegistry metrics) {
        FunctionCounter.builder("spillway.transactions", registry, stored -> stored.figures().committed())
                .description("Transactions that carried out commands")
                .register(metrics);
        FunctionCounter.builder("spillway.transactions.commands", registry, stored -> stored.figures().carriedOut())
                .description("Commands that these transactions carried out")
                .register(metrics);
        FunctionCounter.builder("spillway.transactions.conflicts", registry, stored -> stored.figures().conflicts())
                .description("Transactions begun again because another one was in their way")
                .register(metrics);
        FunctionCounter.builder("spillway.orphans.deleted", registry, stored -> stored.figures().orphansDeleted())
                .description(
                        "Replicas unknown to the registry that hosts have deleted, as this coordinator took the reports: add up those of all")
                .register(metrics);
        Gauge.builder("spillway.commands.waiting", registry, stored -> stored.figures().waiting())
                .description("Commands that wait for a transaction")
                .register(metrics);
    }
}
