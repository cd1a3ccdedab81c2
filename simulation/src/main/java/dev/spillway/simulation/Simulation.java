package dev.spillway.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A fleet of three hosts and several coordinators under faults. Messages are lost, delayed, duplicated and reordered. Processes crash or hang at any
 * point, and transactions interleave. The broker is down or loses records. Stores are lost, copied and brought back, and the database is restored
 * from an older state. All invariants are checked after every step. At the end the faults stop, operators handle what waits for them, and the fleet
 * must converge.
 */
public final class Simulation {
    private static final int HOSTS = 3;
    private static final int PARTITIONS = 2;
    private static final Duration CONVERGENCE = Duration.ofMinutes(40);

    private final Timeline timeline = new Timeline();
    private final Story story;
    private final Faults faults;
    private final Broker broker = new Broker(PARTITIONS);
    private final Coordinators coordinators;
    private final SimulatedDatabase database;
    private final Invariants invariants;
    private final Fleet fleet;
    private final Trouble trouble;
    private final Restores restores;
    private final Duration troubled;
    private long steps;

    private Simulation(long seed, Product product, boolean told) {
        Random random = new Random(seed);
        story = new Story(told, timeline);
        faults = new Faults(random);
        database = new SimulatedDatabase(product, PARTITIONS, timeline, faults, random, story);
        invariants = database.invariants();
        coordinators = new Coordinators(2 + random.nextInt(2), timeline, faults, broker, database, random, story);
        SimulatedHost.World world = new SimulatedHost.World(product, timeline, faults, coordinators, broker, invariants, story, random);
        fleet = new Fleet(HOSTS, world, database.committed());
        restores = new Restores(database, coordinators, timeline, story, random);
        trouble = new Trouble(world, fleet, database.committed(), restores);
        troubled = Duration.ofSeconds(30 + random.nextInt(90));
    }

    /**
     * Counts of a run.
     *
     * @param transactions number of committed transactions
     * @param waits        number of times that a transaction waited for another
     * @param restores     number of restores of the database
     * @param readopted    number of replicas that hosts brought back after restores
     */
    public record Run(long steps, long faults, long transactions, long waits, long restores, long readopted) {
        /** Returns the sum of both. */
        public Run and(Run other) {
            return new Run(
                    steps + other.steps,
                    faults + other.faults,
                    transactions + other.transactions,
                    waits + other.waits,
                    restores + other.restores,
                    readopted + other.readopted);
        }
    }

    /**
     * Runs a seed. A seed that fails is run again to record its story, which ends with the failing step.
     *
     * @throws InvariantViolated if an invariant did not hold, or the fleet did not converge
     */
    public static Run run(long seed) {
        return run(seed, Product::new);
    }

    /** Does the same as {@link #run(long)} with a product that may have a planted bug. */
    static Run run(long seed, Supplier<Product> product) {
        Simulation simulation = new Simulation(seed, product.get(), false);
        try {
            return simulation.run();
        } catch (InvariantViolated | IllegalStateException | IllegalArgumentException violated) {
            Simulation told = new Simulation(seed, product.get(), true);
            try {
                told.run();
            } catch (InvariantViolated | IllegalStateException | IllegalArgumentException again) {
                throw new InvariantViolated(seed, told.steps, told.story.toString(), again);
            }
            throw new InvariantViolated(
                    seed,
                    simulation.steps,
                    "the same seed passed when it was run again: something depends on more than the seed",
                    violated);
        }
    }

    private Run run() {
        fleet.machines().forEach(SimulatedHost::start);
        trouble.begin();
        Instant until = timeline.instant().plus(troubled);
        while (timeline.instant().isBefore(until)) {
            step();
        }
        heal();
        Instant deadline = timeline.instant().plus(CONVERGENCE);
        while (true) {
            Instant look = timeline.instant().plusSeconds(30);
            while (timeline.instant().isBefore(look)) {
                step();
            }
            fleet.putRight();
            fleet.machines().forEach(SimulatedHost::start);
            fleet.machines().forEach(machine -> machine.clients().releaseAll());
            List<String> differences = invariants.differences(fleet.machines(), coordinators.factsOnTopic());
            if (differences.isEmpty()) {
                return new Run(steps, faults.injected(), database.commits(), database.waits(), restores.restored(), invariants.readopted());
            }
            if (timeline.instant().isAfter(deadline)) {
                throw new InvariantViolated("invariant 5: not converged: " + differences);
            }
        }
    }

    private void heal() {
        faults.heal();
        story.tell("world", "is well again");
        broker.set(true);
        fleet.putRight();
        for (SimulatedHost machine : fleet.machines()) {
            machine.goOn();
            machine.cutOff(false);
            machine.fill(false);
            machine.start();
        }
    }

    private void step() {
        if (!timeline.step()) {
            throw new IllegalStateException("nothing left to happen");
        }
        steps++;
        invariants.disks().check();
    }
}
