package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.Rows.EntryLock;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import java.util.List;

/** What happens to entries: put, read, invalidated, cleaned, held to their namespace's limits. */
final class EntryDecisions {
    private static final int VICTIMS_PAGE = 1_000;

    private final Evictor evictor;

    EntryDecisions(Evictor evictor) {
        this.evictor = evictor;
    }

    Outcomes.PolicySetting setPolicy(WorkingSet transaction, Command.SetPolicy command) {
        NamespaceRow existing = transaction.namespace(command.namespace());
        Policy before = existing == null ? new Policy(null, null, Policy.DEFAULT_EVICTION_SHARE) : existing.policy();
        Policy after = new Policy(command.maxEntries() == null ? before.maxEntries() : command.maxEntries(),
                command.maxBytes() == null ? before.maxBytes() : command.maxBytes(),
                command.maxEvictionShare() == null ? before.maxEvictionShare() : command.maxEvictionShare());
        NamespaceRow row = existing == null ? new NamespaceRow(command.namespace(), after, 0, 0, 0, 0, 0) : existing.withPolicy(after);
        long allowed =
                row.entries() < Policy.SHARE_JUDGED_FROM ? row.entries() : (long) Math.floor(after.maxEvictionShare() * row.entries());
        if (wouldEvictMoreThan(allowed, transaction, row)) {
            return new Outcomes.PolicySetting.Refused(allowed, row.entries(), after.maxEvictionShare());
        }
        transaction.save(row);
        transaction.policiesChanged();
        List<EvictedEntry> evicted = evictor.enforce(transaction, row, null);
        return new Outcomes.PolicySetting.Changed(after, evicted.size());
    }

    private static boolean wouldEvictMoreThan(long allowed, WorkingSet transaction, NamespaceRow lowered) {
        long entries = lowered.entries();
        long bytes = lowered.bytes();
        long afterUse = 0;
        while (lowered.policy().isExceededBy(entries, bytes)) {
            List<EntryRow> page = transaction.stored().lockLeastRecentlyUsed(lowered.name(), afterUse, VICTIMS_PAGE);
            for (EntryRow victim : page) {
                if (!lowered.policy().isExceededBy(entries, bytes)) {
                    break;
                }
                entries--;
                bytes -= victim.sizeBytes();
                afterUse = victim.lastUse();
            }
            if (lowered.entries() - entries > allowed) {
                return true;
            }
            if (page.size() < VICTIMS_PAGE) {
                return false;
            }
        }
        return false;
    }

    /**
     * Puts an entry. The snapshot that the key already names keeps its generation, so that a second copy replaces nothing; any other gets a new
     * one.
     */
    Outcomes.Putting put(WorkingSet transaction, EntryName name, SnapshotId snapshotId, long sizeBytes, Description description,
            boolean external) {
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
        NamespaceRow namespace = transaction.namespace(name.namespace());
        if (namespace == null) {
            return new Outcomes.Putting.Refused(ReplicaOutcome.Reason.UNKNOWN_NAMESPACE,
                    "namespace: " + name.namespace() + " (expected: a namespace that has a policy)");
        }
        if (!namespace.policy().fits(sizeBytes)) {
            return new Outcomes.Putting.Refused(ReplicaOutcome.Reason.TOO_LARGE, "sizeBytes: " + sizeBytes + " (expected: at most "
                    + namespace.policy().maxBytes() + ", the maxBytes of namespace " + name.namespace() + ")");
        }
        if (sizeBytes > Long.MAX_VALUE - namespace.bytes()) {
            return new Outcomes.Putting.Refused(ReplicaOutcome.Reason.TOO_LARGE, "sizeBytes: " + sizeBytes + " (expected: at most "
                    + (Long.MAX_VALUE - namespace.bytes()) + ", what the total of namespace " + name.namespace() + " can still count)");
        }
        EntryRow before = transaction.entry(name, EntryLock.EXCLUSIVE);
        if (before != null && before.snapshotId().equals(snapshotId)) {
            NamespaceRow used = namespace.used();
            transaction.save(used);
            transaction.save(before.usedAt(used.useCounter(), transaction.now()));
            return new Outcomes.Putting.Stored(before.generation(), null, List.of());
        }
        if (before != null) {
            evictor.evict(transaction, before, EvictionCause.REPLACED);
            namespace = held(transaction, name);
        }
        NamespaceRow grown = namespace.used().grown(1, sizeBytes);
        transaction.save(grown);
        long generation = transaction.nextGeneration();
        transaction.save(new EntryRow(name, snapshotId, generation, sizeBytes, description, grown.useCounter(), external, transaction.now(),
                transaction.now()));
        List<EvictedEntry> evicted = evictor.enforce(transaction, grown, name);
        return new Outcomes.Putting.Stored(generation, before == null ? null : before.snapshotId(), evicted);
    }

    Outcomes.Getting get(WorkingSet transaction, EntryName name) {
        NamespaceRow namespace = transaction.namespace(name.namespace());
        if (namespace == null) {
            return new Outcomes.Getting.Miss();
        }
        EntryRow entry = transaction.entry(name, EntryLock.EXCLUSIVE);
        if (entry == null) {
            transaction.save(namespace.counted(0, 1));
            return new Outcomes.Getting.Miss();
        }
        NamespaceRow used = namespace.used().counted(1, 0);
        EntryRow touched = entry.usedAt(used.useCounter(), transaction.now());
        transaction.save(used);
        transaction.save(touched);
        return new Outcomes.Getting.Hit(touched);
    }

    Outcomes.Invalidation invalidate(WorkingSet transaction, Command.Invalidate command) {
        if (transaction.namespace(command.name().namespace()) == null) {
            return new Outcomes.Invalidation.Absent();
        }
        EntryRow entry = transaction.entry(command.name(), EntryLock.EXCLUSIVE);
        if (entry == null) {
            return new Outcomes.Invalidation.Absent();
        }
        SnapshotId expected = command.ifSnapshot();
        if (expected != null && !expected.equals(entry.snapshotId())) {
            return new Outcomes.Invalidation.Mismatch(entry.snapshotId());
        }
        evictor.evict(transaction, entry, EvictionCause.INVALIDATED);
        return new Outcomes.Invalidation.Invalidated(entry.snapshotId());
    }

    Outcomes.Cleaning clean(WorkingSet transaction, Command.Clean command) {
        NamespaceRow namespace = transaction.namespace(command.namespace());
        if (namespace == null) {
            return new Outcomes.Cleaning(0, 0);
        }
        long evicted = 0;
        while (evicted < command.limit()) {
            EntryRow victim = evictor.victim(transaction, command.namespace(), null, command.limit());
            if (victim == null) {
                break;
            }
            evictor.evict(transaction, victim, EvictionCause.CLEANED);
            evicted++;
        }
        return new Outcomes.Cleaning(evicted, namespace.entries() - evicted);
    }

    private static NamespaceRow held(WorkingSet transaction, EntryName name) {
        NamespaceRow row = transaction.namespace(name.namespace());
        if (row == null) {
            throw new IllegalStateException("namespace " + name.namespace() + " vanished while it was held");
        }
        return row;
    }
}
