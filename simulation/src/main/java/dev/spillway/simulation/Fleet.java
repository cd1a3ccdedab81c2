package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.HostRow;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The machines and their operators. The operators copy stores, unmount and mount volumes, and do what the product suggests when it refuses a host or
 * asks for an operator.
 */
final class Fleet {
    /** Number of checks, one every half minute, at which a host asks for an operator before it is given up. */
    private static final int ASKED_BEFORE_GIVEN_UP = 4;

    private final SimulatedHost.World world;
    private final MapRows rows;
    private final RandomGenerator random;
    private final List<SimulatedHost> machines = new ArrayList<>();
    private final Map<SimulatedHost, SimulatedHost> copies = new LinkedHashMap<>();
    private final Map<SimulatedHost, Map<ReplicaId, SnapshotId>> unmounted = new LinkedHashMap<>();
    private final Map<SimulatedHost, Disk> missing = new LinkedHashMap<>();
    private final Map<SimulatedHost, Disk> backups = new HashMap<>();
    private final Map<HostId, Integer> asked = new HashMap<>();
    private long storesMade;
    private int machinesMade = 100;

    Fleet(int hosts, SimulatedHost.World world, MapRows rows) {
        this.world = world;
        this.rows = rows;
        this.random = world.random();
        for (int number = 0; number < hosts; number++) {
            add(new SimulatedHost(new HostId("host-" + number), number, new Disk(newStore()), world));
        }
    }

    private StoreId newStore() {
        return new StoreId(new UUID(0, storesMade++));
    }

    private void add(SimulatedHost machine) {
        machines.add(machine);
        world.invariants().disks().watch(machine);
    }

    List<SimulatedHost> machines() {
        return machines;
    }

    SimulatedHost any() {
        return machines.get(random.nextInt(machines.size()));
    }

    private boolean isWhole(SimulatedHost machine) {
        return machines.contains(machine) && !unmounted.containsKey(machine) && !missing.containsKey(machine)
                && !copies.containsKey(machine)
                && !copies.containsValue(machine);
    }

    // What people do to stores.

    /** Copies the store to a second machine, which starts as the same host. */
    void copy(SimulatedHost machine) {
        if (isWhole(machine)) {
            SimulatedHost copy = new SimulatedHost(machine.id(), machinesMade++, machine.disk().copy(), world);
            copies.put(machine, copy);
            add(copy);
            copy.start();
        }
    }

    private void endOneOfTwo(SimulatedHost machine, SimulatedHost copy) {
        boolean original = random.nextBoolean();
        SimulatedHost gone = original ? machine : copy;
        world.story().tell("somebody", "switches off", gone);
        gone.switchOff();
        machines.remove(gone);
        world.invariants().disks().forget(gone);
    }

    void backUp(SimulatedHost machine) {
        if (isWhole(machine)) {
            backups.put(machine, machine.disk().copy());
        }
    }

    /** Replaces the store by an older copy of it. */
    void restoreBackup(SimulatedHost machine) {
        Disk backup = backups.remove(machine);
        if (backup != null && isWhole(machine)) {
            machine.insert(backup);
            machine.start();
        }
    }

    /** Loses the images of a key on all disks. */
    void loseImages(EntryName name) {
        for (SimulatedHost machine : List.copyOf(machines)) {
            List<ReplicaId> lost =
                    machine.disk().index().values().stream().filter(one -> one.name().equals(name)).map(ReplicaRecord::image).toList();
            if (!lost.isEmpty() && random.nextInt(3) > 0) {
                lost.forEach(machine.disk()::damage);
                machine.crash();
                machine.start();
            }
        }
    }

    /** Starts the worker without the volume of its images. */
    void unmount(SimulatedHost machine) {
        if (isWhole(machine)) {
            machine.crash();
            unmounted.put(machine, machine.disk().unmount());
            world.story().tell("somebody", "takes away the images of", machine);
            machine.start();
        }
    }

    /** Removes the whole store, so that the worker creates a new one. The former store may or may not come back. */
    void takeStore(SimulatedHost machine) {
        if (isWhole(machine)) {
            missing.put(machine, machine.disk());
            machine.insert(new Disk(newStore()));
            machine.start();
        }
    }

    // What people do at the registry.

    void retire(HostId host) {
        world.coordinators().execute(new Command.Retire(host));
    }

    private void readmit(HostId host) {
        world.coordinators().execute(new Command.Readmit(host));
    }

    /** Handles everything that waits for an operator. */
    void putRight() {
        for (Map.Entry<SimulatedHost, SimulatedHost> pair : copies.entrySet()) {
            endOneOfTwo(pair.getKey(), pair.getValue());
        }
        copies.clear();
        unmounted.forEach((machine, volume) -> {
            machine.crash();
            machine.disk().mount(volume);
            world.story().tell("somebody", "brings back the images of", machine);
            machine.start();
        });
        unmounted.clear();
        missing.forEach((machine, disk) -> {
            if (random.nextBoolean()) {
                machine.insert(disk);
                machine.start();
            }
        });
        missing.clear();
        List.copyOf(machines).forEach(this::answer);
    }

    /** Does what the refusal or the attention text of a host suggests. */
    private void answer(SimulatedHost machine) {
        String refusal = machine.agent().flatMap(HostAgent::refusal).orElse("");
        if (refusal.startsWith("RETIRED") || refusal.startsWith("NEW_STORE")) {
            readmit(machine.id());
        }
        @Nullable
        HostRow row = rows.storedHosts().get(machine.id());
        if (row == null || row.attention() == null) {
            asked.remove(machine.id());
        } else if (asked.merge(machine.id(), 1, Integer::sum) >= ASKED_BEFORE_GIVEN_UP) {
            asked.remove(machine.id());
            retire(machine.id());
        }
    }
}
