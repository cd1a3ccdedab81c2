package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.ReplicaInUse;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of one host with their states and holds. It decides which copy of a key is served, which waits, and which may go. Every change goes
 * into the step that is being built. Not thread-safe.
 */
final class HostReplicas {
    private static final Comparator<ReplicaRecord> NEWEST =
            Comparator.comparingLong(ReplicaRecord::generation).thenComparing(ReplicaRecord::id);

    private final HostIdentity identity;
    private final Map<ReplicaId, ReplicaRecord> replicas;
    /** The replicas of each key, usually one. The lists are small, because a host may have a million keys. */
    private final Map<EntryName, List<ReplicaId>> byName;
    /** Replicas that an order names. */
    private final Set<ReplicaId> ordered = new LinkedHashSet<>();
    /** Replicas by the name of their image on the disk, if that is not their id. */
    private final Map<ReplicaId, ReplicaId> byImage = new HashMap<>();
    private final Map<ReplicaId, ReplicaId> byProposal = new HashMap<>();
    private final Map<UUID, Hold> holds = new HashMap<>();
    private final NavigableSet<Hold> holdsByEnd = new TreeSet<>(Comparator.comparing(Hold::until).thenComparing(Hold::id));
    private final Map<ReplicaId, Set<UUID>> heldBy = new HashMap<>();

    HostReplicas(HostIdentity identity, IndexContents stored) {
        this.identity = identity;
        this.replicas = LinkedHashMap.newLinkedHashMap(stored.replicas().size());
        this.byName = HashMap.newHashMap(stored.replicas().size());
        stored.replicas().forEach(this::index);
        stored.holds().forEach(this::index);
    }

    private void index(Hold hold) {
        Hold before = holds.put(hold.id(), hold);
        if (before != null) {
            holdsByEnd.remove(before);
        }
        holdsByEnd.add(hold);
        heldBy.computeIfAbsent(hold.replicaId(), ignored -> new HashSet<>()).add(hold.id());
    }

    private void index(ReplicaRecord replica) {
        ReplicaRecord before = replicas.put(replica.id(), replica);
        if (before != null && before.readoption() != null) {
            byProposal.remove(before.readoption().id());
        }
        if (replica.readoption() != null) {
            byProposal.put(replica.readoption().id(), replica.id());
        }
        if (replica.imageOf() != null) {
            byImage.put(replica.imageOf(), replica.id());
        }
        if (replica.ordered()) {
            ordered.add(replica.id());
        }
        if (before == null) {
            byName.merge(replica.name(), List.of(replica.id()), (ids, more) -> Stream.concat(ids.stream(), more.stream()).toList());
        }
    }

    private void put(ReplicaRecord replica, Step.Builder out) {
        index(replica);
        out.change(new IndexChange.PutReplica(replica));
    }

    private void remove(ReplicaRecord replica, Step.Builder out) {
        replicas.remove(replica.id());
        ordered.remove(replica.id());
        byImage.remove(replica.image(), replica.id());
        if (replica.readoption() != null) {
            byProposal.remove(replica.readoption().id());
        }
        byName.computeIfPresent(replica.name(), (name, ids) -> {
            List<ReplicaId> others = ids.stream().filter(id -> !id.equals(replica.id())).toList();
            return others.isEmpty() ? null : others;
        });
        out.change(new IndexChange.RemoveReplica(replica.id()));
    }

    Collection<ReplicaRecord> all() {
        return replicas.values();
    }

    List<ReplicaRecord> in(ReplicaState state) {
        return replicas.values().stream().filter(replica -> replica.state() == state).toList();
    }

    @Nullable
    ReplicaRecord get(ReplicaId id) {
        return replicas.get(id);
    }

    /** Returns the replica whose image has this name on the disk. */
    @Nullable
    ReplicaRecord ofImage(ReplicaId image) {
        ReplicaRecord replica = replicas.get(byImage.getOrDefault(image, image));
        return replica != null && replica.image().equals(image) ? replica : null;
    }

    /** Returns the replica that was proposed under this id, until the registry answers. */
    @Nullable
    ReplicaRecord proposedAs(ReplicaId id) {
        ReplicaId now = byProposal.get(id);
        return now == null ? null : replicas.get(now);
    }

    ReplicaRecord propose(ReplicaRecord replica, ReplicaRecord.@Nullable Proposal proposal, Step.Builder out) {
        ReplicaRecord proposed = replica.proposed(proposal);
        put(proposed, out);
        return proposed;
    }

    /** Continues a replica under its proposed id, for which the registry has a row. The former id is not used again. */
    ReplicaRecord readopted(ReplicaRecord former, ReplicaRecord.Proposal as, ReplicaState next, Step.Builder out) {
        ReplicaRecord readopted = former.readopted(as, next);
        List<Hold> held = heldBy.getOrDefault(former.id(), Set.of()).stream().map(holds::get).filter(Objects::nonNull).toList();
        remove(former, out);
        put(readopted, out);
        heldBy.remove(former.id());
        held.forEach(hold -> grant(hold.of(readopted.id()), out));
        return readopted;
    }

    /** Continues a pending replica under a new id, because the registry has used up its former one. */
    ReplicaRecord mintedAnew(ReplicaRecord pending, ReplicaId id, Step.Builder out) {
        ReplicaRecord again = pending.under(id);
        remove(pending, out);
        put(again, out);
        return again;
    }

    /** Returns the replicas that an order names, in the order in which the orders came. */
    Stream<ReplicaRecord> underOrder() {
        return ordered.stream().map(replicas::get).filter(Objects::nonNull);
    }

    Optional<ReplicaRecord> served(EntryName name) {
        return of(name).filter(replica -> replica.state() == ReplicaState.LIVE).max(NEWEST);
    }

    void pending(ReplicaRecord offered, Step.Builder out) {
        if (replicas.containsKey(offered.id())) {
            throw new IllegalArgumentException("replicaId: " + offered.id() + " (expected: an id that was not used before)");
        }
        put(offered, out);
    }

    /**
     * Notes that the registry has a row for this replica. The highest generation of a key is served, and of two copies of one generation the newer
     * id. A replica that is no longer served is never served again.
     *
     * @return the surplus copy of the same generation, if there is one
     */
    Optional<ReplicaRecord> registered(ReplicaRecord pending, SnapshotId snapshot, long generation, long epoch, Step.Builder out) {
        ReplicaRecord rival = served(pending.name()).orElse(null);
        ReplicaRecord newer = usedLike(rival, pending.registered(snapshot, generation, epoch, ReplicaState.LIVE));
        List<ReplicaRecord> others = of(pending.name()).filter(other -> other.state() != ReplicaState.PENDING).toList();
        if (others.stream().anyMatch(other -> other.generation() > generation)) {
            put(newer.in(ReplicaState.HIDDEN), out);
            return Optional.empty();
        }
        others.stream().filter(ReplicaRecord::imageAwaited).forEach(overtaken -> hide(overtaken, out));
        if (rival == null) {
            put(newer, out);
            return Optional.empty();
        }
        boolean rivalStays = rival.generation() == generation && rival.id().compareTo(newer.id()) > 0;
        ReplicaRecord hidden = (rivalStays ? newer : rival).in(ReplicaState.HIDDEN);
        put(hidden, out);
        if (!rivalStays) {
            put(newer, out);
        }
        return rival.generation() == generation ? Optional.of(hidden) : Optional.empty();
    }

    /** Returns the new replica with the time of the latest read: the key may have been read here while its new image was on the way. */
    private static ReplicaRecord usedLike(@Nullable ReplicaRecord before, ReplicaRecord replica) {
        return before != null && before.lastAccessedAt().isAfter(replica.lastAccessedAt()) ? replica.accessed(before.lastAccessedAt())
                : replica;
    }

    private Stream<ReplicaRecord> of(EntryName name) {
        return byName.getOrDefault(name, List.of()).stream().map(replicas::get).filter(Objects::nonNull);
    }

    /** Hides a replica, which is never served again. */
    void hide(ReplicaRecord replica, Step.Builder out) {
        put(replica.in(ReplicaState.HIDDEN), out);
    }

    /** Hides a replica until its image is back. */
    void awaitImage(ReplicaRecord live, Step.Builder out) {
        put(live.awaitingImage(), out);
    }

    /** Serves a replica again because its image is back, unless the host has a newer one of its key or serves another copy of its generation. */
    void imageIsBack(ReplicaRecord awaited, Step.Builder out) {
        boolean newest = of(awaited.name()).filter(other -> other.state() != ReplicaState.PENDING)
                .allMatch(
                        other -> other.generation() < awaited.generation()
                                || other.generation() == awaited.generation() && other.state() != ReplicaState.LIVE);
        put(awaited.in(newest ? ReplicaState.LIVE : ReplicaState.HIDDEN), out);
    }

    /** Dooms a replica; its image goes at once unless somebody holds it. */
    void doom(ReplicaRecord replica, boolean ordered, Step.Builder out) {
        put(ordered ? replica.underOrder(ReplicaState.DOOMED) : replica.in(ReplicaState.DOOMED), out);
        releaseIfUnheld(replica.id(), out);
    }

    void markOrdered(ReplicaRecord replica, Step.Builder out) {
        if (!replica.ordered()) {
            put(replica.underOrder(replica.state()), out);
        }
    }

    /** Begins the removal of a doomed replica that nobody holds; returns false for any other. */
    boolean releaseIfUnheld(ReplicaId id, Step.Builder out) {
        ReplicaRecord replica = replicas.get(id);
        if (replica == null || replica.state() != ReplicaState.DOOMED || heldBy.containsKey(id)) {
            return false;
        }
        out.effect(new Effect.MoveToTrash(replica.image()));
        return true;
    }

    void trashed(ReplicaRecord doomed, Step.Builder out) {
        put(doomed.in(ReplicaState.TRASH), out);
        out.effect(new Effect.Unlink(doomed.image()));
    }

    /** Ends a replica whose tree is unlinked. One that no order names needs no report. */
    void unlinked(ReplicaRecord trashed, long bytesFreed, Step.Builder out) {
        if (!trashed.ordered()) {
            remove(trashed, out);
            return;
        }
        ReplicaRecord gone = trashed.gone(bytesFreed);
        put(gone, out);
        out.effect(new Effect.Publish(report(gone)));
    }

    void acknowledged(ReplicaId id, Step.Builder out) {
        ReplicaRecord replica = replicas.get(id);
        if (replica != null && replica.state() == ReplicaState.GONE) {
            remove(replica, out);
        }
    }

    void accessed(ReplicaRecord replica, Instant at, Step.Builder out) {
        put(replica.accessed(at), out);
    }

    /** Returns the report of an ordered replica: deleted, or deferred by a hold. */
    Report report(ReplicaRecord replica) {
        if (replica.state() == ReplicaState.GONE) {
            return new Report(replica.id(), identity.hostId(), identity.storeId(), Report.Result.DELETED, null, null, replica.bytesFreed());
        }
        return new Report(
                replica.id(),
                identity.hostId(),
                identity.storeId(),
                Report.Result.DEFERRED,
                heldUntil(replica.id()).orElse(null),
                null,
                0);
    }

    void grant(Hold hold, Step.Builder out) {
        index(hold);
        out.change(new IndexChange.PutHold(hold));
    }

    void release(Hold hold, Step.Builder out) {
        Hold held = holds.remove(hold.id());
        if (held != null) {
            holdsByEnd.remove(held);
        }
        heldBy.computeIfPresent(hold.replicaId(), (id, ids) -> without(ids, hold.id()));
        out.change(new IndexChange.RemoveHold(hold.id()));
        releaseIfUnheld(hold.replicaId(), out);
    }

    @Nullable
    Hold hold(UUID id) {
        return holds.get(id);
    }

    Collection<Hold> holds() {
        return holds.values();
    }

    /** Returns the hold that ends first, if any. */
    Optional<Hold> firstToEnd() {
        return holdsByEnd.isEmpty() ? Optional.empty() : Optional.of(holdsByEnd.first());
    }

    /** Returns the replicas in use, in the order of their ids; if they are more than {@code limit}, those whose holds end last. */
    List<ReplicaInUse> inUse(int limit) {
        Map<ReplicaId, ReplicaInUse> longest = new TreeMap<>();
        for (Hold hold : holdsByEnd.descendingSet()) {
            ReplicaInUse known = longest.get(hold.replicaId());
            if (known != null) {
                longest.put(hold.replicaId(), new ReplicaInUse(hold.replicaId(), known.until(), known.holds() + 1));
            } else if (longest.size() < limit) {
                longest.put(hold.replicaId(), new ReplicaInUse(hold.replicaId(), hold.until(), 1));
            }
        }
        return List.copyOf(longest.values());
    }

    /** Returns the end of a replica's last hold. */
    Optional<Instant> heldUntil(ReplicaId id) {
        return heldBy.getOrDefault(id, Set.of()).stream().map(holds::get).filter(Objects::nonNull).map(Hold::until).max(Instant::compareTo);
    }

    private static <T> @Nullable Set<T> without(Set<T> ids, T gone) {
        ids.remove(gone);
        return ids.isEmpty() ? null : ids;
    }
}
