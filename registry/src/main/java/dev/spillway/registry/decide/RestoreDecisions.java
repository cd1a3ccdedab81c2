package dev.spillway.registry.decide;

import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Decisions on the registry after its database was restored. Numbers drawn before the restore are unknown, so new ones come from the clock. An epoch
 * is the time of its restore in microseconds, and generations continue from that number. It exceeds all earlier numbers if fewer than a million
 * generations are drawn per second.
 */
final class RestoreDecisions {

    private final RegistryRules rules;

    RestoreDecisions(RegistryRules rules) {
        this.rules = rules;
    }

    /** Begins a new epoch. From then on, messages of an earlier epoch do not pass the fence, and every host reports what it holds. */
    Outcomes.Restoration restored(Transaction transaction, Command.Restored command) {
        RegistryRow before = transaction.stored().lockRegistry();
        if (command.epoch() != before.epoch()) {
            return new Outcomes.Restoration.OtherEpoch(before.epoch());
        }
        Instant now = transaction.now();
        RegistryRow.Behind behind = before.behind();
        long epochKnown = behind == null ? before.epoch() : Math.max(before.epoch(), behind.epoch());
        long generationKnown = behind == null ? before.highestGeneration() : Math.max(before.highestGeneration(), behind.generation());
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, now);
        RegistryRow after =
                new RegistryRow(before.id(), Math.max(epochKnown + 1, micros), Math.max(generationKnown, micros), now, null);
        transaction.save(after);
        transaction.audit(
                AuditRecord.Action.DECLARE_RESTORED,
                AuditRecord.Subject.REGISTRY,
                "epoch %d, generations after %d".formatted(after.epoch(), after.highestGeneration()));
        transaction.note(new Activity.Restored(now, after.epoch(), after.highestGeneration(), transaction.actor()));
        return new Outcomes.Restoration.Restored(after.epoch(), after.highestGeneration(), now);
    }

    /** Makes waiting orders due once every host has reported what it holds and the grace period is over. */
    int release(Transaction transaction, int limit) {
        RegistryRow registry = transaction.stored().registry();
        Instant restoredAt = registry.restoredAt();
        if (restoredAt == null || restoredAt.plus(rules.grace()).isAfter(transaction.now())
                || transaction.stored().hosts().isAnyHostUnheard(registry.epoch())) {
            return 0;
        }
        List<ReplicaRow> waiting = transaction.stored().orders().lockWaitingOrders(limit);
        for (ReplicaRow stored : waiting) {
            ReplicaRow row = transaction.replicas().adopt(stored);
            if (row != null && row.doom() != null) {
                transaction.replicas().save(row.doomed(row.doom().released(transaction.now())));
            }
        }
        return waiting.size();
    }
}
