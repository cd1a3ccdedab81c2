package dev.spillway.coordinator.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.PlanId;
import dev.spillway.events.protocol.EvictedEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Takes entries out: the eviction, its fact, and the doom of every replica, as one change. */
final class Evictor {
    /** How many entries one transaction evicts beyond what its namespace's limits demand of it. */
    static final int CHUNK = 1_000;

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
        return evict(transaction, entry, cause, null);
    }

    /** As {@link #evict(WorkingSet, EntryRow, EvictionCause)}, of an entry that a plan names. */
    EvictedEntry evict(WorkingSet transaction, EntryRow entry, EvictionCause cause, @Nullable PlanId plan) {
        return evict(transaction, entry, cause, plan, false);
    }

    /** Evicts an entry whose key turned out to have a higher generation; the orders wait until all hosts were heard. */
    void evictWaiting(WorkingSet transaction, EntryRow entry) {
        evict(transaction, entry, EvictionCause.REPLACED, null, true);
    }

    private EvictedEntry evict(WorkingSet transaction, EntryRow entry, EvictionCause cause, @Nullable PlanId plan, boolean waiting) {
        Instant now = transaction.now();
        EvictionId id = EvictionId.mint(now, random);
        OrderCause orderCause = OrderCause.of(cause);
        List<ReplicaRow> holders = transaction.replicas().live(entry, rules.doomChunk());
        long count = transaction.replicas().countLive(entry, rules.doomChunk());
        for (ReplicaRow holder : holders) {
            transaction.replicas()
                    .save(holder.doomed(waiting ? Doom.waiting(id, orderCause, now) : new Doom(id, orderCause, now, 0, now, null, null)));
        }
        EvictionFact fact = new EvictionFact(id, entry.name().namespace(), entry.name().key(), entry.snapshotId(), entry.generation(),
                entry.sizeBytes(),
                cause, Math.toIntExact(count), entry.description().labels(), now);
        transaction.add(new Eviction(fact, plan == null && isOfItself(cause) ? Actor.SWEEP : transaction.actor(), plan),
                count > holders.size());
        transaction.remove(entry);
        NamespaceRow namespace = transaction.namespace(entry.name().namespace());
        if (namespace == null) {
            throw new IllegalStateException("entry " + entry.name() + " without its namespace");
        }
        transaction.save(namespace.without(entry));
        return entry.evicted(cause);
    }

    /** Whether nobody asked for it, whoever came by when it happened. */
    private static boolean isOfItself(EvictionCause cause) {
        return cause == EvictionCause.EXPIRED || cause == EvictionCause.IDLE;
    }

    /** How many holders of one entry are doomed together with it, and so read ahead. */
    int holdersEach() {
        return rules.doomChunk();
    }

    /** The next to go; {@code expected} of them are read ahead with their holders. */
    @Nullable
    EntryRow victim(WorkingSet transaction, NamespaceName namespace, @Nullable EntryName exempt, int expected) {
        return transaction.victim(namespace, exempt, expected, rules.doomChunk());
    }

    /**
     * Where a limit is exceeded, evicts least recently used entries, never {@code exempt}, down to the low watermark; oldest first. Once the limits
     * hold it stops after a chunk, and leaves the rest of the way to the sweep.
     */
    List<EvictedEntry> enforce(WorkingSet transaction, NamespaceRow of, @Nullable EntryName exempt) {
        List<EvictedEntry> evicted = new ArrayList<>();
        Bounds limits = of.policy().limits();
        Bounds target = of.policy().target();
        NamespaceRow namespace = held(transaction, of.name());
        if (!namespace.exceeds(limits)) {
            return evicted;
        }
        while (namespace.exceeds(target)) {
            if (evicted.size() >= CHUNK && !namespace.exceeds(limits)) {
                transaction.save(namespace.draining(true));
                break;
            }
            EntryRow victim = victim(transaction, of.name(), exempt, expected(namespace, target));
            if (victim == null) {
                break;
            }
            evicted.add(evict(transaction, victim, EvictionCause.CAPACITY));
            namespace = held(transaction, of.name());
        }
        return evicted;
    }

    /** Evicts up to {@code limit} entries of a namespace that is still above its low watermark. */
    int drain(WorkingSet transaction, NamespaceName name, int limit) {
        int evicted = 0;
        NamespaceRow namespace = held(transaction, name);
        Bounds target = namespace.policy().target();
        while (evicted < limit && namespace.exceeds(target)) {
            EntryRow victim = victim(transaction, name, null, limit);
            if (victim == null) {
                break;
            }
            evict(transaction, victim, EvictionCause.CAPACITY);
            evicted++;
            namespace = held(transaction, name);
        }
        if (evicted < limit) {
            transaction.save(namespace.draining(false));
        }
        return evicted;
    }

    private static int expected(NamespaceRow namespace, Bounds target) {
        Long most = target.maxEntries();
        return most == null ? 1 : Math.clamp(namespace.unpinnedEntries() - most, 1, CHUNK);
    }

    private static NamespaceRow held(WorkingSet transaction, NamespaceName name) {
        NamespaceRow row = transaction.namespace(name);
        if (row == null) {
            throw new IllegalStateException("namespace " + name + " vanished while it was held");
        }
        return row;
    }
}
