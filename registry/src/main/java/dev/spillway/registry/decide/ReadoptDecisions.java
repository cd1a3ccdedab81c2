package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.store.Rows;
import dev.spillway.registry.store.Rows.EntryLock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decisions on replicas that hosts report after a restore. The highest reported generation of a key becomes its entry, whichever host reports first,
 * and replicas of that generation become its replicas. Lower generations, and images that their host no longer serves, get an order that waits until
 * all hosts were heard. Evictions since the restore stay in force.
 */
final class ReadoptDecisions {
    private final Evictor evictor;
    private final ReplicaDecisions replicas;

    ReadoptDecisions(Evictor evictor, ReplicaDecisions replicas) {
        this.evictor = evictor;
        this.replicas = replicas;
    }

    ReplicaOutcomes readopt(Transaction transaction, HostRow host, ReadoptRequest request) {
        Map<ReplicaId, ReplicaOutcome.Refused> refused = refused(transaction, request.items());
        List<Readoption> items = request.items().stream().filter(item -> !refused.containsKey(item.replicaId())).toList();
        Map<Holding, Rows.Ended> ended = lock(transaction, host, items);
        SortedSet<ReplicaId> unrecorded = transaction.replicas().record(host, items.stream().map(Readoption::replicaId).toList());
        List<ReplicaOutcome> outcomes = new ArrayList<>();
        for (Readoption item : request.items()) {
            ReplicaOutcome.Refused refusal = refused.get(item.replicaId());
            if (refusal != null) {
                outcomes.add(refusal);
            } else if (unrecorded.remove(item.replicaId())) {
                outcomes.add(readopt(transaction, host, item, ended.get(new Holding(item.name(), item.generation()))));
            } else {
                outcomes.add(recorded(transaction, host, item.replicaId()));
            }
        }
        if (!refused.isEmpty()) {
            transaction.save(
                    host.asking(
                            "holds images since before the restore that are not taken: "
                                    + refused.values().iterator().next().detail()));
        } else if (request.last()) {
            transaction.save(host.readopted(transaction.stored().registry().epoch()));
        }
        return new ReplicaOutcomes(outcomes);
    }

    /** Returns the refused replicas. Their hosts keep the images and ask again under the same ids, so these ids are not recorded. */
    private static Map<ReplicaId, ReplicaOutcome.Refused> refused(Transaction transaction, List<Readoption> items) {
        Map<NamespaceName, Optional<Long>> maxBytes = new HashMap<>();
        transaction.policies().policies().forEach(policy -> maxBytes.put(policy.namespace(), Optional.ofNullable(policy.maxBytes())));
        Map<ReplicaId, ReplicaRow> open = transaction.replicas().peek(items.stream().map(Readoption::replicaId).toList());
        Map<ReplicaId, ReplicaOutcome.Refused> refused = new LinkedHashMap<>();
        for (Readoption item : items) {
            Optional<Long> most = maxBytes.get(item.namespace());
            if (open.containsKey(item.replicaId())) {
                continue;
            }
            if (most == null) {
                refused.put(
                        item.replicaId(),
                        new ReplicaOutcome.Refused(
                                item.replicaId(),
                                ReplicaOutcome.Reason.UNKNOWN_NAMESPACE,
                                "namespace: " + item.namespace() + " (expected: a namespace that has a policy; set it again)"));
            } else if (most.isPresent() && item.sizeBytes() > most.get()) {
                refused.put(
                        item.replicaId(),
                        new ReplicaOutcome.Refused(
                                item.replicaId(),
                                ReplicaOutcome.Reason.TOO_LARGE,
                                "sizeBytes: " + item.sizeBytes() + " (expected: at most " + most.get() + ", the maxBytes of namespace "
                                        + item.namespace() + ")"));
            }
        }
        return refused;
    }

    /** Locks the rows that the replicas concern. Records former ids, too, so that they cannot be registered later. */
    private Map<Holding, Rows.Ended> lock(Transaction transaction, HostRow host, List<Readoption> items) {
        SortedMap<ReplicaId, Rows.Recording> ids = new TreeMap<>();
        SortedSet<NamespaceName> namespaces = new TreeSet<>();
        SortedSet<EntryName> names = new TreeSet<>();
        Set<Holding> generations = new HashSet<>();
        for (Readoption item : items) {
            ids.put(item.replicaId(), new Rows.Recording(host.id(), host.incarnation()));
            ids.put(item.formerId(), new Rows.Recording(host.id(), host.incarnation()));
            namespaces.add(item.namespace());
            names.add(item.name());
            generations.add(new Holding(item.name(), item.generation()));
        }
        transaction.replicas().recordAhead(ids);
        transaction.lockNamespaces(namespaces);
        transaction.lockEntries(names, EntryLock.EXCLUSIVE);
        transaction.replicas().lock(ids.keySet());
        List<EntryRow> behind = new ArrayList<>();
        for (Readoption item : items) {
            EntryRow entry = transaction.entry(item.name(), EntryLock.EXCLUSIVE);
            if (entry != null && entry.generation() < item.generation()) {
                behind.add(entry);
            }
        }
        transaction.replicas().readHolders(behind, evictor.holdersEach());
        return transaction.stored().evictions().endedSinceRestore(generations);
    }

    private static ReplicaOutcome recorded(Transaction transaction, HostRow host, ReplicaId id) {
        ReplicaRow row = transaction.replicas().get(id);
        if (row == null || !row.hostId().equals(host.id())) {
            return new ReplicaOutcome.Ended(id);
        }
        return row.isLive() ? new ReplicaOutcome.Registered(id, row.snapshotId(), row.generation(), List.of())
                : new ReplicaOutcome.Superseded(id, row.generation());
    }

    private ReplicaOutcome readopt(Transaction transaction, HostRow host, Readoption item, Rows.@Nullable Ended ended) {
        Instant now = transaction.now();
        ReplicaRow stored = transaction.replicas().get(item.formerId());
        ReplicaRow former = stored != null && stored.hostId().equals(host.id()) ? stored : null;
        if (former != null && former.doom() != null && former.doom().cause() != OrderCause.RELIEF) {
            // An open order continues under the new id. An order of a drain does not, because it relied on another host's copy.
            return open(transaction, host, item, former, former.doom().isWaiting() ? former.doom() : former.doom().dueAt(now));
        }
        EntryRow entry = transaction.entry(item.name(), EntryLock.EXCLUSIVE);
        if (item.served() && entry != null && entry.generation() == item.generation() && entry.snapshotId().equals(item.snapshotId())) {
            return open(transaction, host, item, former, null);
        }
        if (!item.served() || (entry != null && entry.generation() >= item.generation())) {
            return open(transaction, host, item, former, OpenOrder.waiting(null, OrderCause.ORPHAN, now));
        }
        if (ended != null) {
            boolean exactly = ended.generation() == item.generation();
            return open(
                    transaction,
                    host,
                    item,
                    former,
                    new OpenOrder(
                            exactly ? ended.evictionId() : null,
                            exactly ? OrderCause.of(ended.cause()) : OrderCause.ORPHAN,
                            now,
                            0,
                            now,
                            null,
                            null));
        }
        take(transaction, item, entry);
        return open(transaction, host, item, former, null);
    }

    /** Makes the replica's generation the entry of its key. */
    private void take(Transaction transaction, Readoption item, @Nullable EntryRow lower) {
        if (lower != null) {
            evictor.evictWaiting(transaction, lower);
        }
        NamespaceRow namespace = transaction.namespace(item.namespace());
        if (namespace == null) {
            throw new IllegalStateException("namespace " + item.namespace() + " vanished");
        }
        NamespaceRow used = namespace.used();
        EntryRow taken =
                new EntryRow(
                        item.name(),
                        new EntryRow.Image(item.snapshotId(), item.generation(), item.sizeBytes(), item.description()),
                        used.use(1, item.sizeBytes(), item.description(), transaction.now()),
                        false,
                        transaction.now(),
                        lower == null ? null : lower.pin(),
                        new Written(item.content(), null, item.group()),
                        false);
        NamespaceRow grown = used.with(taken);
        // Nothing is evicted here. The sweep and the next puts evict down to the limits step by step.
        transaction.save(grown.exceeds(grown.policy().limits()) ? grown.evictingToWatermark(true) : grown);
        transaction.save(taken);
        PinDecisions.share(transaction, taken);
    }

    private ReplicaOutcome open(
            Transaction transaction,
            HostRow host,
            Readoption item,
            @Nullable ReplicaRow former,
            @Nullable OpenOrder doom) {
        transaction.replicas()
                .save(
                        new ReplicaRow(
                                item.replicaId(),
                                host.id(),
                                item.name(),
                                item.snapshotId(),
                                item.generation(),
                                item.sizeBytes(),
                                transaction.now(),
                                doom));
        if (former != null) {
            transaction.close(former, ClosedReplica.Result.READOPTED);
        }
        if (former != null && doom != null) {
            // According to the backup, it may be the last replica of an entry that the host no longer serves.
            replicas.evictIfUnheld(transaction, former, EvictionCause.LOST);
        }
        return doom == null ? new ReplicaOutcome.Registered(item.replicaId(), item.snapshotId(), item.generation(), List.of())
                : new ReplicaOutcome.Superseded(item.replicaId(), item.generation());
    }
}
