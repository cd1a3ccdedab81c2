package dev.spillway.simulation;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.SnapshotId;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.PolicyField;
import dev.spillway.registry.plan.PlanPurpose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The actions of clients and the faults of a run, each after a random pause. */
final class Trouble {
    private static final int ARTIFACTS_ONE_IN = 3;
    private static final int KEYED_ONE_IN = 10;
    private static final int PARTITIONS_MAX = 6;

    private final Timeline timeline;
    private final Faults faults;
    private final Broker broker;
    private final Coordinators coordinators;
    private final Fleet fleet;
    private final MapRows rows;
    private final Story story;
    private final RandomGenerator random;
    private final NamespaceName namespace = new NamespaceName("vm");
    private final List<EntryName> names = new ArrayList<>();
    private final boolean policiesChange;
    private final boolean storesChange;
    private final boolean databaseChanges;
    private final Restores restores;

    Trouble(SimulatedHost.World world, Fleet fleet, MapRows rows, Restores restores) {
        timeline = world.timeline();
        faults = world.faults();
        broker = world.broker();
        coordinators = world.coordinators();
        story = world.story();
        random = world.random();
        this.fleet = fleet;
        this.rows = rows;
        this.restores = restores;
        int keys = 2 + random.nextInt(6);
        for (int key = 0; key < keys; key++) {
            names.add(new EntryName(namespace, new EntryKey("key-" + key)));
        }
        policiesChange = random.nextInt(3) == 0;
        storesChange = random.nextInt(2) == 0;
        databaseChanges = random.nextInt(3) == 0;
    }

    void begin() {
        coordinators.execute(new Command.SetPolicy(namespace, 1L + random.nextInt(names.size()), random.nextBoolean() ? null : 250L, 1.0));
        next();
    }

    private void next() {
        timeline.after(1 + random.nextInt(1_500), () -> {
            if (!faults.isHealed()) {
                if (databaseChanges && random.nextInt(20) == 0) {
                    changeDatabase();
                } else if (random.nextInt(5) > 0) {
                    work(fleet.any(), names.get(random.nextInt(names.size())));
                } else {
                    disturb(fleet.any());
                }
                fleet.machines()
                        .stream()
                        .filter(one -> !one.isUp())
                        .filter(one -> random.nextInt(8) == 0)
                        .toList()
                        .forEach(SimulatedHost::start);
                next();
            }
        });
    }

    private void work(SimulatedHost host, EntryName name) {
        switch (random.nextInt(policiesChange ? 16 : 13)) {
            case 0, 1, 2, 3, 4 -> {
                if (random.nextInt(KEYED_ONE_IN) == 0) {
                    host.clients().putWithKey(name);
                } else if (random.nextInt(ARTIFACTS_ONE_IN) == 0) {
                    host.clients().putArtifact(name);
                } else {
                    host.clients().put(name);
                }
            }
            case 5, 6 -> {
                EntryRow entry = rows.storedEntries().get(name);
                if (entry != null) {
                    host.clients().attach(name, entry.snapshotId(), entry.generation());
                }
            }
            case 7 -> coordinators.execute(new Command.Invalidate(name, null));
            case 8 -> coordinators.execute(new Command.Get(name));
            case 9 -> coordinators.execute(new Command.Put(name, new SnapshotId("image-" + random.nextInt(1_000)), 10, Description.NONE));
            case 10 -> host.clients().hold(name, Duration.ofSeconds(1 + random.nextInt(90)));
            case 11 -> host.clients().release();
            case 12 -> host.clients().use(name);
            case 13 -> coordinators.execute(
                    new Command.SetPin(
                            name,
                            new PinReason("simulated"),
                            random.nextBoolean() ? null : timeline.instant().plusSeconds(1 + random.nextInt(60))));
            case 14 -> coordinators.execute(new Command.LiftPin(name));
            default -> changePolicy();
        }
    }

    private void changePolicy() {
        switch (random.nextInt(7)) {
            case 0 -> coordinators.execute(new Command.SetPolicy(namespace, PolicyChange.ofTtl(seconds())));
            case 1 -> coordinators.execute(new Command.SetPolicy(namespace, evictionPolicy(EvictionPolicy.LRU, seconds())));
            case 2 ->
                    coordinators.execute(new Command.SetPolicy(namespace, PolicyChange.ofLowWatermark(random.nextBoolean() ? null : 0.5)));
            case 3 -> coordinators.execute(new Command.SetPolicy(namespace, 1L + random.nextInt(names.size()), null, 1.0));
            case 4 -> coordinators.execute(
                    new Command.SetPolicy(
                            namespace,
                            evictionPolicy(random.nextBoolean() ? EvictionPolicy.LRU : EvictionPolicy.GDSF, null)));
            case 5 -> coordinators.execute(new Command.Clean(namespace, 1 + random.nextInt(3)));
            default -> coordinators.execute(
                    new Command.MakePlan(namespace, new PlanPurpose.Prune((long) random.nextInt(names.size()), null, null, null)),
                    this::apply);
        }
    }

    /** Sets eviction policy and idle limit together, because GDSF does not allow an idle limit. */
    private static PolicyChange evictionPolicy(EvictionPolicy policy, @Nullable Duration maxIdle) {
        return new PolicyChange(
                EnumSet.of(PolicyField.EVICTION_POLICY, PolicyField.MAX_IDLE),
                null,
                null,
                null,
                maxIdle,
                null,
                null,
                null,
                null,
                null,
                policy);
    }

    private Duration seconds() {
        return Duration.ofSeconds(10 + random.nextInt(90));
    }

    private void apply(Outcomes.Planning planning) {
        if (planning instanceof Outcomes.Planning.Made made) {
            timeline.after(faults.delay(), () -> coordinators.execute(new Command.ApplyPlan(made.planId(), 2)));
        }
    }

    private void changeDatabase() {
        if (random.nextInt(3) > 0) {
            restores.backUp();
        } else {
            faults.broke();
            if (storesChange && random.nextInt(4) == 0) {
                fleet.unmount(fleet.any());
            }
            goOnWith(names.get(random.nextInt(names.size())));
            restores.restore(namespace);
        }
    }

    /** Continues a copy that was running when the database was restored: its message arrives afterwards, and its key is put again in between. */
    private void goOnWith(EntryName name) {
        EntryRow copied = rows.storedEntries().get(name);
        if (copied != null) {
            SimulatedHost host = fleet.any();
            timeline.after(faults.delay(), () -> host.clients().attach(name, copied.snapshotId(), copied.generation()));
            for (int put = random.nextInt(4); put > 0; put--) {
                timeline.after(
                        1_000 + random.nextInt(2_000),
                        () -> coordinators.execute(
                                new Command.Put(name, new SnapshotId("image-" + random.nextInt(1_000)), 10, Description.NONE)));
            }
        }
    }

    private void disturb(SimulatedHost host) {
        faults.broke();
        switch (random.nextInt(storesChange ? 19 : 13)) {
            case 0, 1 -> restart(host);
            case 2, 3 -> coordinators.crashOne();
            case 4 -> {
                if (random.nextInt(4) == 0) {
                    host.loseBroker();
                } else {
                    broker.set(!broker.isUp());
                    story.tell("broker", broker.isUp() ? "is back" : "is away");
                }
            }
            case 5 -> loseRecords();
            case 6 -> {
                broker.makeAnew(Math.min(PARTITIONS_MAX, broker.partitions() + random.nextInt(2)));
                story.tell("broker", "has its topic of orders made anew, partitions:", broker.partitions());
            }
            case 7, 8 -> {
                host.hang();
                timeline.after(1 + random.nextInt(90_000), host::goOn);
            }
            case 9 -> {
                host.cutOff(true);
                timeline.after(1 + random.nextInt(150_000), () -> host.cutOff(false));
            }
            case 10 -> {
                host.fill(true);
                timeline.after(1 + random.nextInt(30_000), () -> host.fill(false));
            }
            case 11 -> {
                host.crash();
                host.setClock(clockError());
                host.start();
            }
            case 12 -> fleet.loseImages(names.get(random.nextInt(names.size())));
            case 13 -> fleet.retire(host.id());
            case 14 -> fleet.backUp(host);
            case 15 -> {
                fleet.restoreBackup(host);
                fleet.backUp(host);
            }
            case 16 -> {
                host.clients().put(names.get(random.nextInt(names.size())));
                timeline.after(faults.delay(), () -> fleet.copy(host));
            }
            case 17 -> drain(host);
            default -> {
                if (random.nextBoolean()) {
                    fleet.unmount(host);
                } else {
                    fleet.takeStore(host);
                }
            }
        }
        if (storesChange && random.nextInt(4) == 0) {
            fleet.putRight();
        }
    }

    /** Drains a host, often two hosts at once, which must not rely on each other. */
    private void drain(SimulatedHost host) {
        coordinators.execute(random.nextInt(3) == 0 ? new Command.CancelDrain(host.id()) : new Command.Drain(host.id()));
        if (random.nextBoolean()) {
            coordinators.execute(new Command.Drain(fleet.any().id()));
        }
    }

    private Duration clockError() {
        Duration error = switch (random.nextInt(3)) {
            case 0 -> Duration.ofSeconds(random.nextInt(120));
            case 1 -> Duration.ofHours(random.nextInt(48));
            default -> Duration.ofDays(random.nextInt(3_000));
        };
        return random.nextBoolean() ? error : error.negated();
    }

    private void restart(SimulatedHost host) {
        if (random.nextBoolean()) {
            host.stop();
        } else {
            host.crash();
        }
        timeline.after(1 + random.nextInt(60_000), host::start);
    }

    private void loseRecords() {
        int partition = random.nextInt(broker.partitions());
        broker.orders(partition).loseUpTo(random.nextInt(broker.orders(partition).end() + 1));
        story.tell("broker", "loses the oldest orders of partition", partition);
    }
}
