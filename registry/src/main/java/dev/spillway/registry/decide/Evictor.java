package dev.spillway.registry.decide;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.PlanId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.Bounds;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.ReplicaRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Evicts entries. One transaction removes the entry, records the eviction with its fact, and dooms the replicas. */
final class Evictor {
    /** Number of entries that one transaction evicts beyond what the limits demand. */
    static final int CHUNK = 1_000;

    private final RegistryRules rules;
    private final RandomGenerator random;

    Evictor(RegistryRules rules, RandomGenerator random) {
        this.rules = rules;
        this.random = random;
    }

    /**
     * Evicts an entry and the rest of its group. The caller has locked the entry exclusively, and its namespace. If the entry has more replicas than
     * one chunk, the remaining ones stay LIVE until the sweep dooms them, and the eviction is unfinished until then.
     */
    List<EvictedEntry> evict(Transaction transaction, EntryRow entry, EvictionCause cause) {
        return evict(transaction, entry, cause, null);
    }

    /** Does the same as {@link #evict(Transaction, EntryRow, EvictionCause)} for an entry that a plan names. */
    List<EvictedEntry> evict(Transaction transaction, EntryRow entry, EvictionCause cause, @Nullable PlanId plan) {
        List<EntryRow> whole = transaction.withGroup(entry);
        transaction.replicas().readHolders(whole, rules.chunks().doom());
        return whole.stream().map(member -> evict(transaction, member, cause, plan, false)).toList();
    }

    /** Evicts an entry whose key gets another image. The rest of its group stays. */
    void replace(Transaction transaction, EntryRow entry) {
        evict(transaction, entry, EvictionCause.REPLACED, null, false);
    }

    /** Evicts an entry for whose key a host has reported a higher generation after a restore. The orders wait until all hosts were heard. */
    void evictWaiting(Transaction transaction, EntryRow entry) {
        evict(transaction, entry, EvictionCause.REPLACED, null, true);
    }

    private EvictedEntry evict(Transaction transaction, EntryRow entry, EvictionCause cause, @Nullable PlanId plan, boolean waiting) {
        Instant now = transaction.now();
        EvictionId id = EvictionId.mint(now, random);
        OrderCause orderCause = OrderCause.of(cause);
        List<ReplicaRow> holders = transaction.replicas().live(entry, rules.chunks().doom());
        long count = transaction.replicas().countLive(entry, rules.chunks().doom());
        for (ReplicaRow holder : holders) {
            transaction.replicas()
                    .save(
                            holder.doomed(
                                    waiting ? OpenOrder.waiting(id, orderCause, now)
                                            : new OpenOrder(id, orderCause, now, 0, now, null, null)));
        }
        EvictionFact fact = new EvictionFact(
                id,
                entry.name().namespace(),
                entry.name().key(),
                entry.snapshotId(),
                entry.generation(),
                entry.sizeBytes(),
                cause,
                Math.toIntExact(count),
                entry.description().labels(),
                now);
        transaction.add(
                new Eviction(fact, plan == null && isOfItself(cause) ? Actor.SWEEP : transaction.actor(), plan),
                count > holders.size());
        transaction.remove(entry.name());
        NamespaceRow namespace = transaction.namespace(entry.name().namespace());
        if (namespace == null) {
            throw new IllegalStateException("entry " + entry.name() + " without its namespace");
        }
        NamespaceRow without = namespace.without(entry);
        // Followers in the group go with their leading entry, whatever their own priority, so their priority does not age the namespace.
        boolean forRoom = cause == EvictionCause.CAPACITY && !entry.follows();
        transaction.save(forRoom ? without.withFloorAtLeast(entry.use().priority()) : without);
        return entry.evicted(cause);
    }

    /** Returns whether the cause is time. Such an eviction is the registry's own, whoever triggered it. */
    private static boolean isOfItself(EvictionCause cause) {
        return cause == EvictionCause.EXPIRED || cause == EvictionCause.IDLE;
    }

    /** Returns the cause that ends an entry by time, alone or with its group; null if none does. */
    @Nullable
    EvictionCause endOf(Transaction transaction, NamespaceRow namespace, EntryRow entry) {
        Policy policy = namespace.policy();
        return policy.ttl() == null && policy.maxIdle() == null ? null : policy.endOf(transaction.withGroup(entry), transaction.now());
    }

    /** Returns the number of holders that are read and doomed together with one entry. */
    int holdersEach() {
        return rules.chunks().doom();
    }

    /** Returns the next victim; {@code expected} of them are read ahead with their holders. */
    @Nullable
    EntryRow victim(Transaction transaction, NamespaceName namespace, int expected) {
        return transaction.victims(namespace, none -> false, rules.chunks().doom()).next(expected);
    }

    /**
     * Entries to evict so that the limits hold.
     *
     * @param victims  in the order of eviction, groups as a whole
     * @param left     the namespace without them
     * @param resident the next entry in order, at which the choice stopped because its residency is not over; absent if the choice did not stop there
     */
    record Room(List<EntryRow> victims, NamespaceRow left, @Nullable EntryRow resident) {
        /** Returns whether the limits hold once the victims are gone. */
        boolean suffices() {
            return !left.exceeds(left.policy().limits());
        }
    }

    /**
     * Chooses victims if a limit is exceeded: entries with their groups, in the order of eviction, down to the low watermark. Skips entries that are
     * {@code exempt}, and stops at one within its residency. Once the limits hold, it stops at a chunk of victims. Changes nothing.
     *
     * @param of the namespace as it will be
     */
    Room room(Transaction transaction, NamespaceRow of, Predicate<EntryRow> exempt) {
        return of.exceeds(of.policy().limits()) ? choose(transaction, of, exempt, of.policy().residentSince(transaction.now()), CHUNK, true)
                : new Room(List.of(), of, null);
    }

    /** @param past whether to choose more than {@code limit} victims while a limit is exceeded */
    private Room choose(
            Transaction transaction,
            NamespaceRow of,
            Predicate<EntryRow> exempt,
            Instant residentSince,
            int limit,
            boolean past) {
        Bounds limits = of.policy().limits();
        Bounds target = of.policy().target();
        List<EntryRow> victims = new ArrayList<>();
        NamespaceRow left = of;
        Transaction.Victims inOrder = transaction.victims(of.name(), exempt, rules.chunks().doom());
        while (left.exceeds(target) && (victims.size() < limit || (past && left.exceeds(limits)))) {
            EntryRow victim = inOrder.next(expected(left, target));
            if (victim == null) {
                break;
            }
            if (victim.lastAccessedAt().isAfter(residentSince)) {
                return new Room(victims, left, victim);
            }
            for (EntryRow member : transaction.withGroup(victim)) {
                if (!exempt.test(member)) {
                    victims.add(member);
                    left = left.without(member);
                }
            }
        }
        return new Room(victims, left, null);
    }

    /** Evicts what was chosen. If the choice stopped after a chunk, the sweep evicts the rest. */
    List<EvictedEntry> evict(Transaction transaction, Room room) {
        List<EvictedEntry> evicted = new ArrayList<>();
        for (EntryRow victim : room.victims()) {
            evicted.add(evict(transaction, victim, EvictionCause.CAPACITY, null, false));
        }
        if (room.victims().size() >= CHUNK && room.left().exceeds(room.left().policy().target())) {
            transaction.save(held(transaction, room.left().name()).evictingToWatermark(true));
        }
        return evicted;
    }

    /** Evicts entries until newly set limits hold, even those within their residency. */
    List<EvictedEntry> enforce(Transaction transaction, NamespaceRow of) {
        return of.exceeds(of.policy().limits()) ? evict(transaction, choose(transaction, of, none -> false, Instant.MAX, CHUNK, true))
                : List.of();
    }

    /** Evicts up to {@code limit} entries of a namespace that is still above its low watermark. */
    int drain(Transaction transaction, NamespaceName name, int limit) {
        NamespaceRow namespace = held(transaction, name);
        Room room = choose(transaction, namespace, none -> false, namespace.policy().residentSince(transaction.now()), limit, false);
        room.victims().forEach(victim -> evict(transaction, victim, EvictionCause.CAPACITY, null, false));
        if (room.victims().size() < limit) {
            // Readopted entries can have exceeded the limits.
            transaction.save(held(transaction, name).evictingToWatermark(!room.suffices()));
        }
        return room.victims().size();
    }

    private static int expected(NamespaceRow namespace, Bounds target) {
        Long most = target.maxEntries();
        return most == null ? 1 : Math.clamp(namespace.unpinnedEntries() - most, 1, CHUNK);
    }

    private static NamespaceRow held(Transaction transaction, NamespaceName name) {
        NamespaceRow row = transaction.namespace(name);
        if (row == null) {
            throw new IllegalStateException("namespace " + name + " vanished while it was held");
        }
        return row;
    }
}
