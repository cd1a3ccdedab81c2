package dev.spillway.worker.host;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.worker.core.EarlyAnswers;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The durable contents of the host's index, in memory, so that readers never block. One thread applies changes, any thread reads. */
public final class HostView {
    private final Map<ReplicaId, ReplicaRecord> replicas;
    /** Replicas by the name of their image on the disk, if that is not their id. */
    private final Map<ReplicaId, ReplicaId> renamed = new ConcurrentHashMap<>();
    private final ServedReplicas served = new ServedReplicas();
    private final ServedReplicas artifacts = new ServedReplicas();
    /** Artifacts whose registration is not answered. Readers here get them already. */
    private final Map<EntryName, ReplicaRecord> accepted = new ConcurrentHashMap<>();
    private final Map<UUID, Hold> holds = new ConcurrentHashMap<>();
    private final Map<ReplicaState, LongAdder> counts = figures();
    private final Map<ReplicaState, LongAdder> bytes = figures();
    private volatile Membership membership;
    private volatile @Nullable OrderPosition position;
    private volatile Status status = new Status(false, null, null, false);
    private volatile PolicySet policies = new PolicySet(0, List.of());
    private volatile Map<NamespaceName, PolicySet.Entry> policyByName = Map.of();

    /**
     * The state of the host at its registry.
     *
     * @param refusal     reason why it may not join, and what to do; absent if it is not refused
     * @param unreachable reason why the last message got no answer; absent if it got one
     * @param draining    whether this host takes nothing new
     */
    public record Status(boolean joined, @Nullable String refusal, @Nullable String unreachable, boolean draining) {
        /** Returns why the registry does not take this host now; empty if it does. */
        public Optional<RegistryUnavailable> unavailable() {
            if (joined) {
                return Optional.empty();
            }
            if (refusal != null) {
                return Optional.of(new RegistryUnavailable(true, refusal));
            }
            return Optional.of(RegistryUnavailable.away(unreachable == null ? "this host has not joined its registry yet" : unreachable));
        }
    }

    /**
     * The reason why this host is not joined to its registry.
     *
     * @param refused whether the registry was reached and refused the host
     */
    public record RegistryUnavailable(boolean refused, String why) {
        public static RegistryUnavailable away(String why) {
            return new RegistryUnavailable(false, why);
        }
    }

    /** @param present images that are in their places on the disk; replicas without their image are not served */
    HostView(IndexContents contents, Set<ReplicaId> present) {
        replicas = new ConcurrentHashMap<>(contents.replicas().size());
        membership = contents.membership();
        position = contents.position();
        contents.replicas().forEach(replica -> put(replica.id(), replica));
        contents.replicas()
                .stream()
                .filter(replica -> present.contains(replica.image()))
                .forEach(this::show);
        contents.holds().forEach(hold -> holds.put(hold.id(), hold));
    }

    /** Returns the copy of a key that readers get now. */
    public Optional<ReplicaRecord> served(EntryName name) {
        return membership.suspended() ? Optional.empty() : served.get(name);
    }

    /** Returns the artifact of a key that readers get now, also one whose registration is not answered. */
    public Optional<ReplicaRecord> artifact(EntryName name) {
        if (membership.suspended()) {
            return Optional.empty();
        }
        ReplicaRecord waiting = accepted.get(name);
        Optional<ReplicaRecord> registered = artifacts.get(name);
        return waiting == null || !mayBeShown(waiting, registered.isPresent()) ? registered : Optional.of(waiting);
    }

    /** Returns whether readers get an artifact before its registration is answered. They do not if the policy lets the registry refuse it. */
    private boolean mayBeShown(ReplicaRecord waiting, boolean hasOther) {
        return EarlyAnswers.isShown(policy(waiting.name().namespace()), hasOther);
    }

    /** Returns the artifact of a key whose registration is not answered. */
    public Optional<ReplicaRecord> accepted(EntryName name) {
        return Optional.ofNullable(accepted.get(name));
    }

    /** Returns registered artifacts of a namespace, as {@link #served(NamespaceName, String, String, int)} does. */
    public List<ReplicaRecord> artifacts(NamespaceName namespace, String prefix, String after, int limit) {
        return membership.suspended() ? List.of() : artifacts.page(namespace, prefix, after, limit);
    }

    /** Returns the number and the bytes of the registered artifacts of a namespace. */
    public ServedReplicas.Totals artifactTotals(NamespaceName namespace) {
        return membership.suspended() ? ServedReplicas.Totals.NONE : artifacts.totals(namespace);
    }

    /** Returns served replicas of a namespace in the order of keys: those whose key has the prefix and comes after {@code after}. */
    public List<ReplicaRecord> served(NamespaceName namespace, String prefix, String after, int limit) {
        return membership.suspended() ? List.of() : served.page(namespace, prefix, after, limit);
    }

    /** Returns the number and the bytes of the served entries of a namespace. */
    public ServedReplicas.Totals totals(NamespaceName namespace) {
        return membership.suspended() ? ServedReplicas.Totals.NONE : served.totals(namespace);
    }

    public Optional<ReplicaRecord> replica(ReplicaId id) {
        return Optional.ofNullable(replicas.get(id));
    }

    /** Returns the replica whose image has this name on the disk. */
    Optional<ReplicaRecord> ofImage(ReplicaId image) {
        return replica(renamed.getOrDefault(image, image)).filter(replica -> replica.image().equals(image));
    }

    public Optional<Hold> hold(UUID id) {
        return Optional.ofNullable(holds.get(id));
    }

    public Collection<Hold> holds() {
        return Collections.unmodifiableCollection(holds.values());
    }

    public Membership membership() {
        return membership;
    }

    public Optional<OrderPosition> position() {
        return Optional.ofNullable(position);
    }

    public Status status() {
        return status;
    }

    /** Returns why this host cannot answer "not found", which would then not be certain; empty if it can. */
    public Optional<RegistryUnavailable> missesAreUnknown() {
        Status now = status;
        if (now.refusal() != null) {
            return Optional.of(new RegistryUnavailable(true, now.refusal()));
        }
        return membership.suspended()
                ? Optional.of(RegistryUnavailable.away("this host serves nothing, because its store is not compared with the registry yet"))
                : Optional.empty();
    }

    /** Returns the last policy of a namespace that the registry sent; empty if there is none, or if the host has not joined since the start. */
    public Optional<PolicySet.Entry> policy(NamespaceName namespace) {
        return Optional.ofNullable(policyByName.get(namespace));
    }

    /** Returns the number of replicas in each state. */
    public Map<ReplicaState, Long> counts() {
        return read(counts);
    }

    /** Returns the allocated bytes of the replicas in each state. */
    public Map<ReplicaState, Long> bytes() {
        return read(bytes);
    }

    private static Map<ReplicaState, LongAdder> figures() {
        Map<ReplicaState, LongAdder> figures = new EnumMap<>(ReplicaState.class);
        for (ReplicaState state : ReplicaState.values()) {
            figures.put(state, new LongAdder());
        }
        return figures;
    }

    private static Map<ReplicaState, Long> read(Map<ReplicaState, LongAdder> figures) {
        Map<ReplicaState, Long> read = new EnumMap<>(ReplicaState.class);
        figures.forEach((state, figure) -> read.put(state, figure.sum()));
        return read;
    }

    /** Shows durable changes to readers. A key that has a served copy before and after the changes has one all the time. */
    void apply(List<IndexChange> changes) {
        Map<ReplicaId, Optional<ReplicaRecord>> last = new LinkedHashMap<>();
        for (IndexChange change : changes) {
            switch (change) {
                case IndexChange.PutReplica(var replica) -> last.put(replica.id(), Optional.of(replica));
                case IndexChange.RemoveReplica(var id) -> last.put(id, Optional.empty());
                case IndexChange.PutHold(var hold) -> holds.put(hold.id(), hold);
                case IndexChange.RemoveHold(var id) -> holds.remove(id);
                case IndexChange.PutMembership(var changed) -> membership = changed;
                case IndexChange.PutPosition(var changed) -> position = changed;
                case IndexChange.PutRequest _, IndexChange.RemoveRequest _ -> {
                    // the agent alone reads them
                }
            }
        }
        last.values().stream().flatMap(Optional::stream).forEach(this::show);
        last.forEach((id, now) -> {
            ReplicaRecord before = put(id, now.orElse(null));
            if (before != null) {
                hide(before, now.map(ReplicaRecord::state).orElse(null));
            }
        });
    }

    private void show(ReplicaRecord replica) {
        if (isLive(replica)) {
            kind(replica).put(replica);
        } else if (isAccepted(replica)) {
            accepted.put(replica.name(), replica);
        }
    }

    private void hide(ReplicaRecord before, @Nullable ReplicaState now) {
        if (isLive(before) && now != ReplicaState.LIVE) {
            kind(before).remove(before.name(), before.id());
        }
        if (isAccepted(before) && now != ReplicaState.PENDING) {
            accepted.computeIfPresent(before.name(), (name, shown) -> shown.id().equals(before.id()) ? null : shown);
        }
    }

    private ServedReplicas kind(ReplicaRecord replica) {
        return replica.artifact() == null ? served : artifacts;
    }

    private static boolean isAccepted(ReplicaRecord replica) {
        return replica.state() == ReplicaState.PENDING && replica.artifact() != null;
    }

    void update(Status now, PolicySet latest) {
        status = now;
        if (!latest.equals(policies)) {
            policies = latest;
            Map<NamespaceName, PolicySet.Entry> byName = new LinkedHashMap<>();
            latest.policies().forEach(policy -> byName.put(policy.namespace(), policy));
            policyByName = byName;
        }
    }

    private @Nullable ReplicaRecord put(ReplicaId id, @Nullable ReplicaRecord replica) {
        ReplicaRecord before = replica == null ? replicas.remove(id) : replicas.put(id, replica);
        if (replica != null && replica.imageOf() != null) {
            renamed.put(replica.imageOf(), id);
        } else if (before != null && replica == null) {
            renamed.remove(before.image(), id);
        }
        count(before, -1);
        count(replica, 1);
        return before;
    }

    private void count(@Nullable ReplicaRecord replica, int sign) {
        if (replica != null) {
            Objects.requireNonNull(counts.get(replica.state())).add(sign);
            Objects.requireNonNull(bytes.get(replica.state())).add(sign * replica.sizeBytes());
        }
    }

    private static boolean isLive(ReplicaRecord replica) {
        return replica.state() == ReplicaState.LIVE;
    }
}
