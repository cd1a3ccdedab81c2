package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.store.Rows.EntryLock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Decisions on replicas, by messages of their host that passed the fence. */
final class ReplicaDecisions {
    private final RegistryRules rules;
    private final EntryDecisions entries;
    private final Evictor evictor;

    ReplicaDecisions(RegistryRules rules, EntryDecisions entries, Evictor evictor) {
        this.rules = rules;
        this.entries = entries;
        this.evictor = evictor;
    }

    ReplicaOutcomes register(Transaction transaction, HostRow host, RegisterRequest request) {
        List<ReplicaId> ids = request.items().stream().map(Registration::replicaId).toList();
        SortedSet<ReplicaId> unrecorded = transaction.replicas().record(host, ids);
        List<ReplicaOutcome> outcomes = new ArrayList<>();
        for (Registration item : request.items()) {
            outcomes.add(
                    unrecorded.remove(item.replicaId()) ? register(transaction, host, item)
                            : recorded(transaction, host, item.replicaId()));
        }
        return new ReplicaOutcomes(outcomes);
    }

    /**
     * Refuses a registration because its host drains, which the worker did not know yet. The replica id is used up, and the image goes back to the
     * client that put it.
     */
    private static ReplicaOutcome refusedByDrain(HostRow host, ReplicaId id) {
        return new ReplicaOutcome.Refused(
                id,
                ReplicaOutcome.Reason.DRAINING,
                "host: " + host.id()
                        + ", which drains and takes nothing new (expected: another host, or one that takes part again: spillway drain "
                        + host.id() + " --cancel)");
    }

    private ReplicaOutcome register(Transaction transaction, HostRow host, Registration item) {
        if (host.isDraining()) {
            return refusedByDrain(host, item.replicaId());
        }
        return switch (entries.put(
                transaction,
                item.name(),
                item.snapshotId(),
                item.sizeBytes(),
                item.description(),
                false,
                new Written(item.content(), host.id(), item.group()))) {
            case Outcomes.Putting.Stored stored -> {
                transaction.replicas()
                        .save(
                                new ReplicaRow(
                                        item.replicaId(),
                                        host.id(),
                                        item.name(),
                                        item.snapshotId(),
                                        stored.generation(),
                                        item.sizeBytes(),
                                        transaction.now(),
                                        null));
                yield new ReplicaOutcome.Registered(item.replicaId(), item.snapshotId(), stored.generation(), stored.evicted());
            }
            case Outcomes.Putting.Refused refused -> new ReplicaOutcome.Refused(item.replicaId(), refused.reason(), refused.detail());
        };
    }

    ReplicaOutcomes attach(Transaction transaction, HostRow host, AttachRequest request) {
        List<ReplicaId> ids = request.items().stream().map(Attachment::replicaId).toList();
        SortedSet<ReplicaId> unrecorded = transaction.replicas().record(host, ids);
        List<ReplicaOutcome> outcomes = new ArrayList<>();
        for (Attachment item : request.items()) {
            outcomes.add(
                    unrecorded.remove(item.replicaId()) ? attach(transaction, host, item) : recorded(transaction, host, item.replicaId()));
        }
        return new ReplicaOutcomes(outcomes);
    }

    private static ReplicaOutcome attach(Transaction transaction, HostRow host, Attachment item) {
        if (host.isDraining()) {
            return refusedByDrain(host, item.replicaId());
        }
        EntryRow entry = transaction.entry(item.name(), EntryLock.SHARED);
        boolean copied = entry != null && entry.generation() == item.generation()
                && (item.snapshotId() == null || item.snapshotId().equals(entry.snapshotId()));
        if (entry == null || !copied) {
            // After the database is restored and before `spillway restored`, a generation may be drawn again for another image.
            return new ReplicaOutcome.Gone(item.replicaId());
        }
        transaction.replicas()
                .save(
                        new ReplicaRow(
                                item.replicaId(),
                                host.id(),
                                item.name(),
                                entry.snapshotId(),
                                entry.generation(),
                                item.sizeBytes(),
                                transaction.now(),
                                null));
        return new ReplicaOutcome.Registered(item.replicaId(), entry.snapshotId(), entry.generation(), List.of());
    }

    /** Returns which ids are registered. The other ids can never be registered later. */
    ReplicaOutcomes resolve(Transaction transaction, HostRow host, ResolveRequest request) {
        transaction.replicas().record(host, request.replicaIds());
        return new ReplicaOutcomes(request.replicaIds().stream().map(id -> recorded(transaction, host, id)).toList());
    }

    private static ReplicaOutcome recorded(Transaction transaction, HostRow host, ReplicaId id) {
        ReplicaRow row = transaction.replicas().get(id);
        return row != null && row.hostId().equals(host.id())
                ? new ReplicaOutcome.Registered(id, row.snapshotId(), row.generation(), List.of())
                : new ReplicaOutcome.Ended(id);
    }

    DropAnswer drop(Transaction transaction, HostRow host, DropRequest request) {
        List<ReplicaId> ids = request.items().stream().map(DropRequest.Drop::replicaId).toList();
        transaction.replicas().record(host, ids);
        List<ReplicaId> lost =
                request.items().stream().filter(item -> item.reason() == DropRequest.Reason.LOST).map(DropRequest.Drop::replicaId).toList();
        if (!lost.isEmpty() && isTooLargeALoss(transaction, host, ownLive(transaction, host, lost).size() + request.unnamedLosses())) {
            transaction.save(
                    host.asking(
                            "lost " + (lost.size() + request.unnamedLosses()) + " replicas at once, more than the share "
                                    + rules.breaker().share()
                                    + " (mount the missing volume, or retire the host)"));
            return new DropAnswer(List.of(), ids);
        }
        Set<ReplicaId> known = transaction.replicas().peek(ids).keySet();
        List<ReplicaId> kept = request.items()
                .stream()
                .filter(item -> item.reason() != DropRequest.Reason.CANCELLED && !known.contains(item.replicaId()))
                .map(DropRequest.Drop::replicaId)
                .toList();
        Map<ReplicaId, DropRequest.Reason> reasons = new HashMap<>();
        request.items().forEach(item -> reasons.putIfAbsent(item.replicaId(), item.reason()));
        close(transaction, host, ids, row -> switch (reasons.getOrDefault(row.id(), DropRequest.Reason.LOST)) {
            case LOST -> new Closing(row.isLive() ? ClosedReplica.Result.LOST : ClosedReplica.Result.ABSENT, EvictionCause.LOST);
            case BOUNDS -> new Closing(ClosedReplica.Result.BOUNDS, EvictionCause.PRESSURE);
            case CANCELLED -> new Closing(ClosedReplica.Result.CANCELLED, EvictionCause.LOST);
        });
        // A registered replica without a row may be newer than the backup. It is kept, and the reconciliation decides on it.
        return new DropAnswer(ids.stream().filter(id -> !kept.contains(id)).toList(), kept);
    }

    /** Returns whether this many replicas at once look like a missing volume rather than a loss. */
    boolean isTooLargeALoss(Transaction transaction, HostRow host, long replicas) {
        return replicas >= rules.breaker().from() && replicas > rules.breaker().share() * transaction.replicas().count(host.id());
    }

    List<ReplicaRow> ownLive(Transaction transaction, HostRow host, Collection<ReplicaId> ids) {
        return transaction.replicas().peek(ids).values().stream().filter(row -> row.isLive() && row.hostId().equals(host.id())).toList();
    }

    /** The result of a closed row, and the eviction cause if it was the last holder of its entry. */
    record Closing(ClosedReplica.Result result, EvictionCause cause) {}

    /**
     * Closes a host's own rows. If an entry loses its last replica, it is evicted.
     *
     * @return the number of evicted entries
     */
    long close(Transaction transaction, HostRow host, Collection<ReplicaId> ids, Function<ReplicaRow, Closing> how) {
        SortedSet<NamespaceName> namespaces = new TreeSet<>();
        SortedSet<EntryName> names = new TreeSet<>();
        for (ReplicaRow row : transaction.replicas().peek(ids).values()) {
            namespaces.add(row.name().namespace());
            names.add(row.name());
        }
        transaction.lockNamespaces(namespaces);
        transaction.lockEntries(names, EntryLock.EXCLUSIVE);
        transaction.replicas().lock(ids);
        long lostEntries = 0;
        for (ReplicaId id : new TreeSet<>(ids)) {
            ReplicaRow row = transaction.replicas().get(id);
            if (row != null && row.hostId().equals(host.id())) {
                Closing closing = how.apply(row);
                transaction.close(row, closing.result());
                lostEntries += evictIfUnheld(transaction, row, closing.cause());
            }
        }
        return lostEntries;
    }

    /** Evicts the entry of a closed LIVE row, with its group, if no host holds that generation any more. Returns the number of evicted entries. */
    int evictIfUnheld(Transaction transaction, ReplicaRow closed, EvictionCause cause) {
        EntryRow entry = transaction.entry(closed.name(), EntryLock.EXCLUSIVE);
        if (!closed.isLive() || entry == null || entry.external() || entry.generation() != closed.generation()
                || transaction.replicas().countLive(entry, rules.chunks().doom()) > 0) {
            return 0;
        }
        return evictor.evict(transaction, entry, cause).size();
    }

    /**
     * Applies reads in the order of receipt. Under LRU, a read that is older than the entry's latest access is counted but does not move the entry:
     * it was reported before, or the entry was used later.
     */
    TouchRequest.Counted touch(Transaction transaction, TouchRequest request) {
        for (TouchRequest.Used used : request.used()) {
            NamespaceRow namespace = transaction.namespace(used.name().namespace());
            EntryRow entry = transaction.entry(used.name(), EntryLock.EXCLUSIVE);
            if (namespace != null && entry != null && moves(used, namespace, entry, transaction.now())) {
                NamespaceRow counted = namespace.used().counted(Math.max(0, used.hits()), 0);
                transaction.save(counted);
                EntryRow read = counted.use(inGroup(transaction, entry, used.group()), Math.max(1, used.hits()), transaction.now());
                transaction.save(read);
                transaction.used(read, Math.max(0, used.hits()), false);
                if (!Objects.equals(read.group(), entry.group())) {
                    PinDecisions.share(transaction, read);
                }
            } else if (namespace != null) {
                // The entry was evicted before its host reported this use, or a later use is known. The read still counts as a hit.
                transaction.save(namespace.counted(Math.max(0, used.hits()), 0));
                transaction.counted(namespace.name(), used.hits(), 0);
            }
        }
        for (TouchRequest.Missed missed : request.missed()) {
            NamespaceRow namespace = transaction.namespace(missed.namespace());
            if (namespace != null) {
                transaction.save(namespace.counted(0, Math.max(0, missed.misses())));
                transaction.counted(namespace.name(), 0, missed.misses());
            }
        }
        return new TouchRequest.Counted();
    }

    /** Returns the entry in the group that its use names, or unchanged if that group is full. */
    private static EntryRow inGroup(Transaction transaction, EntryRow entry, @Nullable GroupName named) {
        EntryGroup group = named == null ? null : new EntryGroup(entry.name().namespace(), named);
        return group == null || group.equals(entry.group()) || transaction.groups().of(group).size() >= EntryGroup.ENTRIES_MAX ? entry
                : entry.written(entry.written().in(group.name()));
    }

    /**
     * Returns whether a read changes its entry's place in the order. Under GDSF every read of the image does, because priority depends on their
     * number.
     */
    private static boolean moves(TouchRequest.Used used, NamespaceRow namespace, EntryRow entry, Instant now) {
        return switch (namespace.policy().evictionPolicy()) {
            case LRU -> isLatest(used, entry, now);
            case GDSF -> used.ageMillis() == 0 || !now.minusMillis(used.ageMillis()).isBefore(entry.createdAt());
        };
    }

    /** Returns whether a read is the latest. One without an age always is, even if another read's transaction began later. */
    private static boolean isLatest(TouchRequest.Used used, EntryRow entry, Instant now) {
        return used.ageMillis() == 0 || !now.minusMillis(used.ageMillis()).isBefore(entry.lastAccessedAt());
    }
}
