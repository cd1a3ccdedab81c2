package dev.spillway.simulation;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.InMemoryRegistry;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.SnapshotId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/**
 * A fleet of three hosts and two coordinators under faults: messages lost, late, twice and out of order, processes dying at any point, the
 * broker away or losing records. All invariants are checked after every step; at the end the faults stop, and the fleet must converge.
 */
public final class Simulation {
    private static final int HOSTS = 3;
    private static final int KEYS = 4;
    private static final int PARTITIONS = 2;
    private static final Duration TROUBLE = Duration.ofMinutes(5);
    private static final Duration CONVERGENCE = Duration.ofHours(2);
    private static final RegistryRules RULES = new RegistryRules(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(1),
            Duration.ofSeconds(10), Duration.ofMinutes(2), Duration.ofMinutes(2), 0.5, 3, 2, 5, 4);

    private final Random random;
    private final Timeline timeline = new Timeline();
    private final Story story;
    private final Faults faults;
    private final Broker broker = new Broker(PARTITIONS);
    private final Coordinators coordinators;
    private final Invariants invariants;
    private final InMemoryRegistry registry;
    private final List<SimulatedHost> hosts = new ArrayList<>();
    private final List<EntryName> names = new ArrayList<>();
    private long steps;

    private Simulation(long seed, boolean told) {
        random = new Random(seed);
        story = new Story(told, timeline);
        faults = new Faults(random);
        registry = new InMemoryRegistry(new RegistryId(new UUID(1, 1)), PARTITIONS, RULES, timeline, random);
        invariants = new Invariants(registry);
        coordinators = new Coordinators(2, timeline, faults, broker, registry, invariants, story);
        NamespaceName namespace = new NamespaceName("vm");
        for (int key = 0; key < KEYS; key++) {
            names.add(new EntryName(namespace, new EntryKey("key-" + key)));
        }
        for (int number = 0; number < HOSTS; number++) {
            hosts.add(new SimulatedHost(number, timeline, faults, coordinators, broker, invariants, story, random));
        }
        coordinators.execute(new Command.SetPolicy(namespace, 2L + random.nextInt(KEYS), random.nextBoolean() ? null : 250L, 1.0));
    }

    /** What a run went through. */
    public record Run(long steps, long faults) {}

    /**
     * One run. A seed that fails is run once more to tell its story, which ends with the step that broke.
     *
     * @throws InvariantViolated if an invariant did not hold, or the fleet did not converge
     */
    public static Run run(long seed) {
        Simulation simulation = new Simulation(seed, false);
        try {
            return simulation.run();
        } catch (InvariantViolated | IllegalStateException | IllegalArgumentException violated) {
            Simulation told = new Simulation(seed, true);
            try {
                told.run();
            } catch (InvariantViolated | IllegalStateException | IllegalArgumentException again) {
                throw new InvariantViolated(seed, told.steps, told.story.toString(), again);
            }
            throw new InvariantViolated(seed, simulation.steps,
                    "the same seed passed when it was run again: something depends on more than the seed",
                    violated);
        }
    }

    private Run run() {
        hosts.forEach(SimulatedHost::start);
        trouble();
        Instant until = timeline.instant().plus(TROUBLE);
        while (timeline.instant().isBefore(until)) {
            step();
        }
        faults.heal();
        broker.set(true);
        Instant deadline = timeline.instant().plus(CONVERGENCE);
        Instant look = timeline.instant();
        while (true) {
            hosts.forEach(SimulatedHost::start);
            hosts.forEach(SimulatedHost::release);
            step();
            if (timeline.instant().isAfter(look)) {
                List<String> differences = invariants.differences(hosts, coordinators.factsOnTopic());
                if (differences.isEmpty()) {
                    return new Run(steps, faults.injected());
                }
                if (timeline.instant().isAfter(deadline)) {
                    throw new InvariantViolated("invariant 5: not converged: " + differences);
                }
                look = timeline.instant().plusSeconds(30);
            }
        }
    }

    private void step() {
        if (!timeline.step()) {
            throw new IllegalStateException("nothing left to happen");
        }
        steps++;
        invariants.check(hosts, names);
    }

    /** Clients at work and things going wrong, each after a random pause. */
    private void trouble() {
        timeline.after(Duration.ofMillis(1 + random.nextInt(4_000)), () -> {
            if (!faults.isHealed()) {
                SimulatedHost host = hosts.get(random.nextInt(HOSTS));
                EntryName name = names.get(random.nextInt(KEYS));
                switch (random.nextInt(16)) {
                    case 0, 1, 2, 3, 4 -> host.put(name);
                    case 5, 6 ->
                            registry.queries().entry(name).ifPresent(entry -> host.attach(name, entry.snapshotId(), entry.generation()));
                    case 7 -> coordinators.execute(new Command.Invalidate(name, null));
                    case 8 -> coordinators.execute(new Command.Get(name));
                    case 9 -> coordinators
                            .execute(new Command.Put(name, new SnapshotId("image-" + random.nextInt(1_000)), 10, Description.NONE));
                    case 10 -> host.hold(name, Duration.ofSeconds(1 + random.nextInt(90)));
                    case 11 -> host.release();
                    case 12 -> host.use(name);
                    case 13 -> restart(host);
                    case 14 -> coordinators.crash(random.nextInt(coordinators.count()));
                    default -> disturb();
                }
                hosts.stream().filter(one -> !one.isUp()).filter(one -> random.nextInt(8) == 0).forEach(SimulatedHost::start);
                trouble();
            }
        });
    }

    private void restart(SimulatedHost host) {
        faults.happens(1);
        host.crash();
        timeline.after(Duration.ofMillis(1 + random.nextInt(60_000)), host::start);
    }

    private void disturb() {
        faults.happens(1);
        if (random.nextBoolean()) {
            broker.set(!broker.isUp());
            story.tell("broker", broker.isUp() ? "is back" : "is away");
        } else {
            int partition = random.nextInt(broker.partitions());
            broker.orders(partition).loseUpTo(random.nextInt(broker.orders(partition).end() + 1));
            story.tell("broker", "loses the oldest orders of partition", partition);
        }
    }
}
