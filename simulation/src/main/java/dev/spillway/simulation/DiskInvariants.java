package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.ReplicaRecord;
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

/** The invariants between the disks and the registry's rows. Only machines that a step has touched are checked. */
final class DiskInvariants {
    private record Reader(SimulatedHost host, EntryName name) {}

    private final MapRows rows;
    private final Set<ReplicaId> live;
    private final Set<ReplicaId> everLive;
    private final Set<ReplicaId> everEnded;
    private final RestoreInvariants restores;
    private final List<SimulatedHost> machines = new ArrayList<>();
    private final Set<SimulatedHost> touched = new LinkedHashSet<>();
    /** Newest generation that was served to each reader, by the number of restores of the database when the registry accepted or readopted it. */
    private final Map<Reader, NavigableMap<Integer, Long>> served = new HashMap<>();
    /** Hosts of which a store was copied, so that two machines may have acted as one host. */
    private final Set<HostId> copied = new HashSet<>();
    /** Machines whose store was replaced by an older copy. */
    private final Set<SimulatedHost> older = new HashSet<>();
    /** Accepted artifacts whose id differs from that of their image. */
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

    /** Returns the replica of this row on a disk of its host, whole or on an unmounted volume; null if there is none. */
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

    /** Returns whether it would be served if its volume were mounted. */
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
        // Its last messages may still arrive.
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

    /** Checks invariant 1: a registered replica is on a disk of its host. */
    void registered(ReplicaRow row) {
        List<SimulatedHost> ofHost = machines.stream().filter(machine -> machine.id().equals(row.hostId())).toList();
        require(
                ofHost.stream()
                        .anyMatch(
                                machine -> machine.disk().images().containsKey(imageOf(machine, row.id()))
                                        || machine.disk().isDamaged(imageOf(machine, row.id())) || older.contains(machine))
                        || restores.isDoubtful(row.id()),
                1,
                "{} is live, and no disk has it",
                row);
    }

    private static ReplicaId imageOf(SimulatedHost machine, ReplicaId id) {
        ReplicaRecord record = machine.disk().known(id);
        return record == null ? id : record.image();
    }

    /** Checks invariant 1: no image that is registered, under any of its ids, or held is deleted from a disk. */
    void mayGo(SimulatedHost machine, ReplicaId image) {
        ReplicaRecord replica = machine.disk().ofImage(image);
        List<ReplicaId> ids = replica == null ? restores.idsOf(image) : List.of(replica.id());
        // A replica that is no longer in the index was ended by its last id, in a time that a restore has undone.
        boolean endedBefore = replica == null && restores.restores() > 0 && everEnded.contains(ids.getLast());
        require(
                ids.stream().allMatch(id -> !live.contains(id) || restores.isDoubtful(id)) || endedBefore || isAtItsTwin(machine, image),
                1,
                "{} deletes {}, which is live",
                machine,
                ids);
        if (replica != null && replica.readoption() != null && machine.disk().images().containsKey(image)) {
            require(
                    !live.contains(replica.readoption().id()) || restores.isOrderedAway(replica.id()),
                    1,
                    "{} deletes {}, which is live",
                    machine,
                    replica);
        }
        require(!machine.clients().isHeld(image), 1, "{} deletes {}, which is held", machine, image);
        touched(machine);
    }

    /** Checks invariants 2 and 10: a host's store changes only if the registry has no rows of the former one. */
    void joined(HostRow host, long openRows, Map<HostId, StoreId> stores) {
        StoreId before = stores.put(host.id(), host.storeId());
        require(
                before == null || before.equals(host.storeId()) || openRows == 0,
                10,
                "{} had store {}, and {} rows of it are open",
                host,
                before,
                openRows);
    }

    /** Checks the invariants that hold after every step. */
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
                    require(
                            !exact || rows.storedReplicas().containsKey(id)
                                    || (replica.readoption() != null && rows.storedReplicas().containsKey(replica.readoption().id())),
                            3,
                            "{} has {}, which no row and no order names",
                            machine,
                            replica);
                    require(
                            replica.snapshotId().equals(disk.images().get(replica.image())) || disk.isDamaged(replica.image()),
                            8,
                            "{} serves {}, but its image is {}",
                            machine,
                            replica,
                            disk.images().get(replica.image()));
                }
                case HIDDEN -> require(everLive.contains(id), 3, "{} has {}, which was never registered", machine, replica);
                case PENDING ->
                        require(
                                disk.images().containsKey(replica.image()) || disk.isDamaged(replica.image()),
                                1,
                                "{} lost the image of {}",
                                machine,
                                replica);
                case DOOMED, TRASH, GONE -> {
                    require(
                            !live.contains(id) || restores.isDoubtful(id) || isAtItsTwin(machine, replica.image()),
                            1,
                            "{} gives up {}, which is live",
                            machine,
                            replica);
                    require(
                            !everLive.contains(id) || restores.hasEnded(id),
                            1,
                            "{} gives up {}, and no registry ever told it to",
                            machine,
                            replica);
                }
            }
        }
        machine.agent().ifPresent(agent -> checkServed(machine, agent));
    }

    /** Returns whether an image that a machine gives up is whole on the other machine with a copy of its store. */
    private boolean isAtItsTwin(SimulatedHost machine, ReplicaId image) {
        return machines.stream()
                .anyMatch(other -> other != machine && other.id().equals(machine.id()) && other.disk().images().containsKey(image));
    }

    /**
     * Returns whether the registry must know everything that this machine serves. It need not if the machine is retired, is an older copy, has not
     * been reconciled since its start, or has not reported since the database was restored. Such a machine may hold images whose eviction it never
     * heard of.
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

    /** Records an accepted artifact that gets another id than that of its image. */
    void offered(ReplicaRecord pending) {
        if (!pending.image().equals(pending.id())) {
            offeredAgain.add(pending.id());
        }
    }

    /**
     * Checks invariant 7: a reader at one host never sees an older generation after a newer one. An exception is an image that was put or copied
     * after a restore, because its number may be lower than numbers that the registry has forgotten.
     */
    private void checkServed(SimulatedHost machine, HostAgent agent) {
        if (!agent.hasCompared() && older.contains(machine)) {
            // Reads wait for the reconciliation. If the registry is away, an older copy is served on purpose.
            return;
        }
        for (ReplicaRecord record : agent.replicas()) {
            agent.served(record.name()).ifPresent(replica -> {
                NavigableMap<Integer, Long> newest = served.computeIfAbsent(new Reader(machine, record.name()), reader -> new TreeMap<>());
                int since = restores.registeredAfter(offeredAgain.contains(replica.id()) ? replica.id() : replica.image());
                int known = Math.max(since, restores.registeredAfter(replica.id()));
                if (restores.isNumberedTwice(replica.image())) {
                    // Its number cannot be compared with those drawn after the restore was confirmed.
                    newest.remove(known);
                    return;
                }
                newest.merge(known, replica.generation(), Math::max);
                long highest = Collections.max(newest.tailMap(since, true).values());
                require(
                        replica.generation() >= highest,
                        7,
                        "{} serves generation {} of {} after {}",
                        machine,
                        replica.generation(),
                        record.name(),
                        highest);
            });
        }
    }
}
