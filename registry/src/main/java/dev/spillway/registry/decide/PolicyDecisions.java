package dev.spillway.registry.decide;

import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.registry.model.Bounds;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.trail.AuditRecord;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decisions on policies. A change that evicts few entries is made at once, one that evicts many by a plan. */
final class PolicyDecisions {
    private final Evictor evictor;
    private final PlanDecisions plans;

    PolicyDecisions(Evictor evictor, PlanDecisions plans) {
        this.evictor = evictor;
        this.plans = plans;
    }

    Outcomes.PolicySetting set(Transaction transaction, Command.SetPolicy command) {
        NamespaceRow existing = transaction.namespace(command.namespace());
        if (existing == null) {
            Policy first = command.change().appliedTo(Policy.UNLIMITED);
            transaction.save(NamespaceRow.empty(command.namespace(), first));
            transaction.policiesChanged();
            audit(transaction, command);
            return new Outcomes.PolicySetting.Changed(first, 0);
        }
        Policy after = command.change().appliedTo(existing.policy());
        String refused = refusal(existing, after);
        if (refused != null) {
            return new Outcomes.PolicySetting.Refused(refused);
        }
        List<EvictedEntry> evicted = settle(transaction, existing, after);
        if (evicted == null) {
            return new Outcomes.PolicySetting.Planned(plans.make(transaction, existing, command.change(), after), after.maxEvictionShare());
        }
        audit(transaction, command);
        return new Outcomes.PolicySetting.Changed(after, evicted.size());
    }

    private static void audit(Transaction transaction, Command.SetPolicy command) {
        transaction.audit(AuditRecord.Action.SET_POLICY, AuditRecord.Subject.of(command.namespace()), command.change().toString());
    }

    /** Returns why a namespace cannot have this policy now; null if it can. */
    static @Nullable String refusal(NamespaceRow namespace, Policy after) {
        return after.backend() == namespace.policy().backend() || namespace.entries() == 0 ? null
                : "backend: " + after.backend() + " (expected: " + namespace.policy().backend() + ", as long as namespace "
                        + namespace.name() + " has entries; it has " + namespace.entries() + ")";
    }

    /**
     * Sets a policy for which a plan made room. Evicts also entries that were put since, unless these are too many.
     *
     * @return number of evicted entries; null if they would be too many, and nothing was changed
     */
    @Nullable
    Long settle(Transaction transaction, NamespaceName name, PolicyChange change) {
        NamespaceRow namespace = transaction.namespace(name);
        if (namespace == null) {
            throw new IllegalStateException("namespace " + name + " vanished while it was held");
        }
        List<EvictedEntry> evicted = settle(transaction, namespace, change.appliedTo(namespace.policy()));
        return evicted == null ? null : (long) evicted.size();
    }

    private @Nullable List<EvictedEntry> settle(Transaction transaction, NamespaceRow before, Policy after) {
        NamespaceRow lowered = before.withPolicy(after);
        if (before.policy().evictionPolicy() != EvictionPolicy.LRU && after.evictionPolicy() == EvictionPolicy.LRU) {
            // Entries with priorities from before stay first in the order, because new uses get the highest of these priorities.
            lowered = lowered.withFloorAtLeast(transaction.stored().namespaces().highestPriority(before.name()));
        }
        long allowed = after.allowedOf(before.entries());
        // Entries that a new time ends are left to the sweep, but they count here, because the policy ends them as surely.
        long overdue =
                transaction.stored()
                        .entries()
                        .countOverdue(before.name(), TimeBounds.tightened(before.policy(), after, transaction.now()), "")
                        .entries();
        long most = Math.min(allowed - overdue, Evictor.CHUNK);
        if (most < 0 || (lowered.exceeds(after.limits()) && wouldEvictMoreThan(most, transaction, lowered))) {
            return null;
        }
        transaction.save(lowered);
        transaction.policiesChanged();
        return evictor.enforce(transaction, lowered);
    }

    /** Returns whether the new limits evict more than {@code most} entries. Reads no more entries than needed to tell. */
    private static boolean wouldEvictMoreThan(long most, Transaction transaction, NamespaceRow lowered) {
        Bounds target = lowered.policy().target();
        long entries = lowered.unpinnedEntries();
        long bytes = lowered.unpinnedBytes();
        if (target.entriesExceedBy(entries - most)) {
            return true;
        }
        long victims = 0;
        List<EntryRow> inOrder = transaction.stored().entries().victims(lowered.name(), Place.START, Math.toIntExact(most + 1));
        Map<EntryRow, List<EntryRow>> groups = TransactionGroups.withGroups(transaction.stored(), inOrder);
        for (EntryRow next : inOrder) {
            if (!target.areExceededBy(entries, bytes)) {
                break;
            }
            for (EntryRow victim : groups.getOrDefault(next, List.of(next))) {
                entries--;
                bytes -= victim.sizeBytes();
                victims++;
            }
        }
        return victims > most;
    }
}
