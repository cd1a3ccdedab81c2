package dev.spillway.simulation;

import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the simulation with many seeds. {@code -Dsimulation.runs=N} sets their number, and {@code -Dsimulation.seed=S} the first one. So
 * {@code -Dsimulation.seed=S -Dsimulation.runs=1} replays one seed.
 */
final class SimulationTest {
    /** Runs one seed per processor at a time. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void theFleetKeepsItsInvariantsAndConvergesWhateverIsLostLateOrDead() {
        long first = Long.getLong("simulation.seed", 1);
        long runs = Long.getLong("simulation.runs", 2_000);
        long began = System.nanoTime();
        Simulation.Run all = LongStream.range(first, first + runs)
                .parallel()
                .mapToObj(Simulation::run)
                .reduce(new Simulation.Run(0, 0, 0, 0, 0, 0), Simulation.Run::and);
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf(
                "simulated %d runs from seed %d in %.1f s (%.0f runs/s): %d steps, %d faults, %d transactions, %d of them in the way "
                        + "of another, %d restores of the database, %d replicas readopted%n",
                runs,
                first,
                seconds,
                runs / seconds,
                all.steps(),
                all.faults(),
                all.transactions(),
                all.waits(),
                all.restores(),
                all.readopted());
        assertThat(all.faults()).as("faults in %d runs", runs).isGreaterThan(runs);
    }

    @Test
    void transactionsInterleave() {
        Simulation.Run all = new Simulation.Run(0, 0, 0, 0, 0, 0);
        for (long seed = 1; seed <= 30; seed++) {
            all = all.and(Simulation.run(seed));
        }
        assertThat(all.waits()).as("transactions that waited for another in 30 runs").isGreaterThan(30);
    }

    @Test
    void databasesAreRestoredAndHostsBringBackWhatTheyHold() {
        Simulation.Run all = new Simulation.Run(0, 0, 0, 0, 0, 0);
        for (long seed = 1; seed <= 100; seed++) {
            all = all.and(Simulation.run(seed));
        }
        assertThat(all.restores()).as("restores in 100 runs").isGreaterThan(10);
        assertThat(all.readopted()).as("replicas readopted in 100 runs").isGreaterThan(10);
    }

    @Test
    void aSeedReplaysExactly() {
        for (long seed = 1; seed <= 10; seed++) {
            assertThat(Simulation.run(seed)).as("seed %d", seed).isEqualTo(Simulation.run(seed));
        }
    }
}
