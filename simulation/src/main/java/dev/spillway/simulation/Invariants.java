package dev.spillway.simulation;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.InMemoryRegistry;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.coordinator.core.ReplicaRow;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.worker.core.PutOutcome;
import dev.spillway.worker.core.ReplicaRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The invariants of the architecture, by their numbers there. Each is checked against what really lies on the disks and in the registry. */
final class Invariants {
    private final InMemoryRegistry registry;
    private final Set<ReplicaId> everLive = new HashSet<>();
    private final Set<ReplicaId> ended = new HashSet<>();
    private final Map<EntryName, Map<SimulatedHost, Long>> served = new HashMap<>();
    private Set<ReplicaId> open = Set.of();
    private Set<ReplicaId> live = Set.of();

    Invariants(InMemoryRegistry registry) {
        this.registry = registry;
    }

    Set<ReplicaId> live(SimulatedHost host) {
        return registry.openReplicas()
                .stream()
                .filter(row -> row.isLive() && row.hostId().equals(host.id()))
                .map(ReplicaRow::id)
                .collect(Collectors.toSet());
    }

    /** Runs a transaction and checks what it did: 2 (once registered, once ended), 6 (capacity), 7 (the least recently used go). */
    <A> A watch(Command<A> command, Supplier<A> transaction) {
        Map<NamespaceName, List<EntryName>> before = mayEvict(command) ? inOrderOfUse() : Map.of();
        int evictionsBefore = before.isEmpty() ? 0 : newest().size();
        A answer = transaction.get();

        List<ReplicaRow> rows = registry.openReplicas();
        open = rows.stream().map(ReplicaRow::id).collect(Collectors.toSet());
        live = rows.stream().filter(ReplicaRow::isLive).map(ReplicaRow::id).collect(Collectors.toSet());
        for (ReplicaId id : live) {
            require(!ended.contains(id), 2, id + " is registered again");
        }
        everLive.stream().filter(id -> !live.contains(id)).forEach(ended::add);
        everLive.addAll(live);
        for (RegistryQueries.NamespaceView namespace : registry.queries().namespaces()) {
            Long maxEntries = namespace.policy().maxEntries();
            Long maxBytes = namespace.policy().maxBytes();
            require(maxEntries == null || namespace.entries() <= maxEntries, 6,
                    namespace.name() + " has " + namespace.entries() + " entries");
            require(maxBytes == null || namespace.bytes() <= maxBytes, 6, namespace.name() + " has " + namespace.bytes() + " bytes");
        }
        if (!before.isEmpty()) {
            List<RegistryQueries.EvictionView> now = newest();
            checkVictims(before, now.subList(0, now.size() - evictionsBefore));
        }
        return answer;
    }

    private static boolean mayEvict(Command<?> command) {
        return command instanceof Command.Put || (command instanceof Command.FromWorker<?>(RegisterRequest ignored));
    }

    private List<RegistryQueries.EvictionView> newest() {
        return registry.queries().evictions(new RegistryQueries.EvictionFilter(null, null, null), null, RegistryQueries.LIMIT_MAX).items();
    }

    private Map<NamespaceName, List<EntryName>> inOrderOfUse() {
        Map<NamespaceName, List<EntryName>> order = new HashMap<>();
        for (RegistryQueries.NamespaceView namespace : registry.queries().namespaces()) {
            order.put(namespace.name(),
                    registry.queries()
                            .entries(namespace.name(), null, Map.of(), null, RegistryQueries.LIMIT_MAX)
                            .items()
                            .stream()
                            .map(RegistryQueries.EntryView::name)
                            .toList());
        }
        return order;
    }

    private static void checkVictims(Map<NamespaceName, List<EntryName>> before, List<RegistryQueries.EvictionView> evictions) {
        Map<NamespaceName, List<EntryName>> left = new HashMap<>();
        before.forEach((namespace, names) -> left.put(namespace, new ArrayList<>(names)));
        for (RegistryQueries.EvictionView eviction : evictions.reversed()) {
            EntryName name = new EntryName(eviction.fact().namespace(), eviction.fact().key());
            List<EntryName> candidates = left.getOrDefault(name.namespace(), List.of());
            if (eviction.fact().cause() == EvictionCause.CAPACITY) {
                require(!candidates.isEmpty() && candidates.getFirst().equals(name), 7, name + " went before " + candidates);
            }
            candidates.remove(name);
        }
    }

    /** 1: nothing that is registered or held goes from a disk. */
    void mayGo(SimulatedHost host, ReplicaId id) {
        require(!live.contains(id), 1, host.id() + " deletes " + id + ", which is live");
        require(!host.isHeld(id), 1, host.id() + " deletes " + id + ", which is held");
    }

    /** 8: what is answered as stored was stored. */
    void answered(ReplicaId id, PutOutcome outcome) {
        switch (outcome) {
            case PutOutcome.Stored ignored -> require(everLive.contains(id), 8, id + " was answered as stored and never was");
            case PutOutcome.NotRegistered ignored -> require(!live.contains(id), 8, id + " was answered as not registered and is");
            case PutOutcome.Refused ignored -> require(!everLive.contains(id), 8, id + " was answered as refused and was stored");
            case PutOutcome.Gone ignored -> require(!everLive.contains(id), 8, id + " was answered as gone and was stored");
            case PutOutcome.Evicted ignored -> require(ended.contains(id), 8, id + " was answered as evicted and was not");
            case PutOutcome.Unknown ignored -> {}
        }
    }

    /** What must hold after every step, whatever is going on. */
    void check(List<SimulatedHost> hosts, List<EntryName> names) {
        Set<ReplicaId> onDisk = new HashSet<>();
        for (SimulatedHost host : hosts) {
            onDisk.addAll(host.images().keySet());
            for (ReplicaRecord replica : host.index().values()) {
                switch (replica.state()) {
                    case LIVE -> {
                        require(open.contains(replica.id()), 3, host.id() + " has " + replica + ", which no row and no order names");
                        require(replica.snapshotId().equals(host.images().get(replica.image())), 8,
                                host.id() + " serves " + replica + ", but its image is " + host.images().get(replica.image()));
                    }
                    case HIDDEN ->
                            require(everLive.contains(replica.id()), 3, host.id() + " has " + replica + ", which was never registered");
                    case PENDING -> require(host.images().containsKey(replica.image()), 1, host.id() + " lost the image of " + replica);
                    case DOOMED, TRASH, GONE ->
                            require(!live.contains(replica.id()), 1, host.id() + " gives up " + replica + ", which is live");
                }
            }
            for (EntryName name : names) {
                host.served(name).ifPresent(replica -> {
                    Long highest = served.computeIfAbsent(name, ignored -> new HashMap<>()).merge(host, replica.generation(), Math::max);
                    require(replica.generation() >= highest, 7,
                            host.id() + " serves generation " + replica.generation() + " of " + name + " after " + highest);
                });
            }
        }
        for (ReplicaId id : live) {
            require(onDisk.contains(id), 1, id + " is live, and no disk has it");
        }
    }

    /** 5: what must hold when all hosts are heard, nothing is held and nothing is pending; empty if it does. */
    List<String> differences(List<SimulatedHost> hosts, Set<?> factsOnTopic) {
        List<String> found = new ArrayList<>();
        for (SimulatedHost host : hosts) {
            found.addAll(host.differences(live(host)));
        }
        registry.openReplicas().stream().filter(row -> !row.isLive()).forEach(row -> found.add("open order " + row));
        for (RegistryQueries.EvictionView eviction : newest()) {
            if (!factsOnTopic.contains(eviction.fact().id())) {
                found.add("unpublished " + eviction.fact());
            }
        }
        return found;
    }

    private static void require(boolean held, int invariant, String otherwise) {
        if (!held) {
            throw new InvariantViolated("invariant " + invariant + ": " + otherwise);
        }
    }
}
