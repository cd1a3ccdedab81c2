package dev.spillway.simulation;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Many seeds. {@code -Dsimulation.runs=N} runs more, {@code -Dsimulation.seed=S} starts at another seed, so that
 * {@code -Dsimulation.seed=S -Dsimulation.runs=1} replays one.
 */
final class SimulationTest {
    @Test
    void theFleetKeepsItsInvariantsAndConvergesWhateverIsLostLateOrDead() {
        long first = Long.getLong("simulation.seed", 1);
        long runs = Long.getLong("simulation.runs", 500);
        long steps = 0;
        long faults = 0;
        for (long seed = first; seed < first + runs; seed++) {
            Simulation.Run run = Simulation.run(seed);
            steps += run.steps();
            faults += run.faults();
        }
        System.out.printf("simulated %d runs from seed %d: %d steps, %d faults%n", runs, first, steps, faults);
        assertThat(faults).as("faults in %d runs", runs).isGreaterThan(runs);
    }
}
