package dev.spillway.simulation;

import dev.spillway.coordinator.core.HostRow;
import dev.spillway.coordinator.core.HostState;
import dev.spillway.coordinator.core.MapRows;
import dev.spillway.coordinator.core.ReplicaRow;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.Membership;
import dev.spillway.worker.core.ReplicaRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

import static dev.spillway.simulation.Invariants.require;

/** The invariants that tie what lies on the disks to the registry's rows. Only the machines that a step touched are looked at. */
final class DiskInvariants {
    private record Reader(SimulatedHost host, EntryName name) {}

    private final MapRows rows;
    private final Set<ReplicaId> live;
    private final Set<ReplicaId> everLive;
    private final Set<ReplicaId> everEnded;
    private final RestoreInvariants restores;
    private final List<SimulatedHost> machines = new ArrayList<>();
    private final Set<SimulatedHost> touched = new LinkedHashSet<>();
    /** The newest that was served, by how often the database had been restored when the registry took it, or took it again. */
    private final Map<Reader, NavigableMap<Integer, Long>> served = new HashMap<>();
    /** Hosts of which a store was copied: two machines may have spoken for one. */
    private final Set<HostId> copied = new HashSet<>();
    /** Machines whose store became an older one. */
    private final Set<SimulatedHost> older = new HashSet<>();
    /** Accepted artifacts under an id that is not that of their image. */
    private final Set<ReplicaId> offeredAgain = new HashSet<>();

    DiskInvariants(MapRows rows, Set<ReplicaId> live, Set<ReplicaId> everLive, Set<ReplicaId> everEnded) {
        this.rows = rows;
        this.live = live;
        this.everLive = everLive;
        this.everEnded = everEnded;
        restores = new RestoreInvariants(rows, this, live);
    }

    RestoreInvariants restores() {
        return restores;
    }

    /** What a host of this row really has of it: whole, or on a volume that is away. */
    @Nullable
    ReplicaRecord known(ReplicaRow row) {
        return machines.stream()
                .filter(machine -> machine.id().equals(row.hostId()))
                .map(machine -> known(machine, row.id()))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable ReplicaRecord known(SimulatedHost machine, ReplicaId id) {
        ReplicaRecord record = machine.disk().known(id);
        return record != null && (machine.disk().images().containsKey(record.image()) || isAwaited(record)) ? record : null;
    }

    /** Whether it would be served if its volume were there. */
    static boolean isAwaited(ReplicaRecord replica) {
        return replica.imageAwaited();
    }

    void watch(SimulatedHost machine) {
        machines.add(machine);
        if (machines.stream().anyMatch(other -> other != machine && other.id().equals(machine.id()))) {
            copied.add(machine.id());
            older.add(machine);
        }
    }

    void forget(SimulatedHost machine) {
        machines.remove(machine);
        touched.remove(machine);
        // What it said last may arrive yet.
        machines.stream().filter(other -> other.id().equals(machine.id())).forEach(older::add);
    }

    void touched(SimulatedHost machine) {
        touched.add(machine);
    }

    void touched(Collection<HostId> hosts) {
        for (SimulatedHost machine : machines) {
            if (hosts.contains(machine.id())) {
                touched.add(machine);
            }
        }
    }

    void otherDisk(SimulatedHost machine) {
        older.add(machine);
        served.keySet().removeIf(reader -> reader.host() == machine);
    }

    /** 1: what is registered lies on a disk of its host. */
    void registered(ReplicaRow row) {
        List<SimulatedHost> ofHost = machines.stream().filter(machine -> machine.id().equals(row.hostId())).toList();
        require(ofHost.stream()
                .anyMatch(machine -> machine.disk().images().containsKey(imageOf(machine, row.id()))
                        || machine.disk().isDamaged(imageOf(machine, row.id())) || older.contains(machine))
                || restores.isDoubtful(row.id()),
                1, "{} is live, and no disk has it", row);
    }

    private static ReplicaId imageOf(SimulatedHost machine, ReplicaId id) {
        ReplicaRecord record = machine.disk().known(id);
        return record == null ? id : record.image();
    }

    /** 1: nothing that is registered or held goes from a disk, under whichever of its ids the registry has it. */
    void mayGo(SimulatedHost machine, ReplicaId image) {
        ReplicaRecord replica = machine.disk().ofImage(image);
        List<ReplicaId> ids = replica == null ? restores.idsOf(image) : List.of(replica.id());
        // What the index names no more was ended in a time that a restore has taken back, by the last id that it had.
        boolean endedBefore = replica == null && restores.restores() > 0 && everEnded.contains(ids.getLast());
        require(ids.stream().allMatch(id -> !live.contains(id) || restores.isDoubtful(id)) || endedBefore || isAtItsTwin(machine, image), 1,
                "{} deletes {}, which is live", machine, ids);
        if (replica != null && replica.readoption() != null && machine.disk().images().containsKey(image)) {
            require(!live.contains(replica.readoption().id()) || restores.isOrderedAway(replica.id()), 1, "{} deletes {}, which is live",
                    machine,
                    replica);
        }
        require(!machine.clients().isHeld(image), 1, "{} deletes {}, which is held", machine, image);
        touched(machine);
    }

    /** 2 and 10: a host's store changes only when nothing is known to lie in the one before. */
    void joined(HostRow host, long openRows, Map<HostId, StoreId> stores) {
        StoreId before = stores.put(host.id(), host.storeId());
        require(before == null || before.equals(host.storeId()) || openRows == 0, 10, "{} had store {}, and {} rows of it are open", host,
                before,
                openRows);
    }

    /** What must hold after every step, whatever is going on. */
    void check() {
        if (touched.isEmpty()) {
            return;
        }
        for (SimulatedHost machine : touched) {
            check(machine);
        }
        touched.clear();
    }

    private void check(SimulatedHost machine) {
        boolean exact = isExact(machine);
        Disk disk = machine.disk();
        for (ReplicaRecord replica : disk.index().values()) {
            ReplicaId id = replica.id();
            switch (replica.state()) {
                case LIVE -> {
                    require(!exact || rows.storedReplicas().containsKey(id)
                            || (replica.readoption() != null && rows.storedReplicas().containsKey(replica.readoption().id())), 3,
                            "{} has {}, which no row and no order names", machine, replica);
                    require(replica.snapshotId().equals(disk.images().get(replica.image())) || disk.isDamaged(replica.image()), 8,
                            "{} serves {}, but its image is {}", machine, replica, disk.images().get(replica.image()));
                }
                case HIDDEN -> require(everLive.contains(id), 3, "{} has {}, which was never registered", machine, replica);
                case PENDING ->
                        require(disk.images().containsKey(replica.image()) || disk.isDamaged(replica.image()), 1, "{} lost the image of {}",
                                machine,
                                replica);
                case DOOMED, TRASH, GONE -> {
                    require(!live.contains(id) || restores.isDoubtful(id) || isAtItsTwin(machine, replica.image()), 1,
                            "{} gives up {}, which is live", machine, replica);
                    require(!everLive.contains(id) || restores.hasEnded(id), 1, "{} gives up {}, and no registry ever told it to", machine,
                            replica);
                }
            }
        }
        machine.agent().ifPresent(agent -> checkServed(machine, agent));
    }

    /** Whether what a machine gives up is whole on the other one of the two that a copied store makes. */
    private boolean isAtItsTwin(SimulatedHost machine, ReplicaId image) {
        return machines.stream()
                .anyMatch(other -> other != machine && other.id().equals(machine.id()) && other.disk().images().containsKey(image));
    }

    /**
     * Whether the registry and this machine have spoken, so that all it serves must be known. Until then it may hold what was evicted without its
     * hearing of it: retired, an older copy, not compared since it started, or not told again since the database was restored.
     */
    private boolean isExact(SimulatedHost machine) {
        HostRow row = rows.storedHosts().get(machine.id());
        Membership member = machine.disk().membership();
        return row != null && row.state() != HostState.RETIRED && row.incarnation() == member.incarnation()
                && member.epoch() == rows.registry().epoch()
                && row.storeId().equals(machine.disk().storeId()) && restores.isSaid()
                && row.readoptedEpoch() == rows.registry().epoch() && !row.reconcileFirst() && !member.suspended()
                && !copied.contains(machine.id()) && machine.hasCompared();
    }

    /** An accepted artifact that is registered under another id than that of its image was put when it gets that one. */
    void offered(ReplicaRecord pending) {
        if (!pending.image().equals(pending.id())) {
            offeredAgain.add(pending.id());
        }
    }

    /**
     * 7: a reader of one host never sees an older generation after a newer one, but for what was put or copied there after a restore: that may have an
     * older number than what the registry has not known since.
     */
    private void checkServed(SimulatedHost machine, HostAgent agent) {
        if (!agent.hasCompared() && older.contains(machine)) {
            // Reads wait for the comparison, unless the registry is away; then an older copy is served knowingly.
            return;
        }
        for (ReplicaRecord record : agent.replicas()) {
            agent.served(record.name()).ifPresent(replica -> {
                NavigableMap<Integer, Long> newest = served.computeIfAbsent(new Reader(machine, record.name()), reader -> new TreeMap<>());
                int since = restores.registeredAfter(offeredAgain.contains(replica.id()) ? replica.id() : replica.image());
                int known = Math.max(since, restores.registeredAfter(replica.id()));
                if (restores.isNumberedTwice(replica.image())) {
                    // Its number says nothing of what comes after the word.
                    newest.remove(known);
                    return;
                }
                newest.merge(known, replica.generation(), Math::max);
                long highest = Collections.max(newest.tailMap(since, true).values());
                require(replica.generation() >= highest, 7, "{} serves generation {} of {} after {}", machine, replica.generation(),
                        record.name(), highest);
            });
        }
    }
}
