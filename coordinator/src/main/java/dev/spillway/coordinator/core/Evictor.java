package dev.spillway.coordinator.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.protocol.EvictedEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Takes entries out: the eviction, its fact, and the doom of every replica, as one change. */
final class Evictor {
    private final RegistryRules rules;
    private final RandomGenerator random;

    Evictor(RegistryRules rules, RandomGenerator random) {
        this.rules = rules;
        this.random = random;
    }

    /**
     * Evicts an entry that is held exclusively together with its namespace. What has more holders than one chunk keeps the rest LIVE for the
     * sweep, and its eviction unfinished.
     */
    EvictedEntry evict(WorkingSet transaction, EntryRow entry, EvictionCause cause) {
        Instant now = transaction.now();
        EvictionId id = EvictionId.mint(now, random);
        List<ReplicaRow> holders = transaction.replicas().live(entry, rules.doomChunk());
        long count = transaction.replicas().countLive(entry, rules.doomChunk());
        for (ReplicaRow holder : holders) {
            transaction.replicas().save(holder.doomed(new Doom(id, OrderCause.of(cause), now, 0, now, null, null)));
        }
        transaction.add(new EvictionFact(id, entry.name().namespace(), entry.name().key(), entry.snapshotId(), entry.generation(),
                entry.sizeBytes(),
                cause, Math.toIntExact(count), entry.description().labels(), now), count > holders.size());
        transaction.remove(entry);
        NamespaceRow namespace = transaction.namespace(entry.name().namespace());
        if (namespace == null) {
            throw new IllegalStateException("entry " + entry.name() + " without its namespace");
        }
        transaction.save(namespace.grown(-1, -entry.sizeBytes()));
        return entry.evicted(cause);
    }

    /** The next to go; {@code expected} of them are read ahead with their holders. */
    @Nullable
    EntryRow victim(WorkingSet transaction, NamespaceName namespace, @Nullable EntryName exempt, int expected) {
        return transaction.victim(namespace, exempt, expected, rules.doomChunk());
    }

    /** Evicts least recently used entries, never {@code exempt}, until the namespace is within its limits; oldest first. */
    List<EvictedEntry> enforce(WorkingSet transaction, NamespaceRow of, @Nullable EntryName exempt) {
        List<EvictedEntry> evicted = new ArrayList<>();
        while (true) {
            NamespaceRow namespace = transaction.namespace(of.name());
            if (namespace == null || !namespace.policy().isExceededBy(namespace.entries(), namespace.bytes())) {
                return evicted;
            }
            Long maxEntries = namespace.policy().maxEntries();
            int expected = maxEntries == null ? 1 : Math.clamp(namespace.entries() - maxEntries, 1, Integer.MAX_VALUE);
            EntryRow victim = victim(transaction, of.name(), exempt, expected);
            if (victim == null) {
                return evicted;
            }
            evicted.add(evict(transaction, victim, EvictionCause.CAPACITY));
        }
    }
}
