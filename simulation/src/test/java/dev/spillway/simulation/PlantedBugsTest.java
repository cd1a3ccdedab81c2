package dev.spillway.simulation;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests that the simulation finds each planted bug within {@link #SEEDS_MAX} seeds. docs/benchmarks.md lists the seeds that each one takes. */
@Tag("full")
final class PlantedBugsTest {
    /** About three times the seeds of the bug that takes most. */
    private static final int SEEDS_MAX = 8_000;

    @ParameterizedTest
    @EnumSource
    void isFound(PlantedBugs bug) {
        Optional<String> found = Optional.empty();
        int seeds = 0;
        while (found.isEmpty() && seeds < SEEDS_MAX) {
            seeds++;
            found = violation(bug, seeds);
        }
        System.out.printf("planted: %s: %d seeds, %s%n", bug, seeds, found.orElse("not found"));
        assertThat(found).as("%s, in %d seeds", bug, SEEDS_MAX).isPresent();
        assertThat(found.orElseThrow()).containsPattern(bug.breaks());
    }

    /** Returns the first line of the violation that the run with this seed causes; empty without one. */
    private static Optional<String> violation(PlantedBugs bug, long seed) {
        try {
            Simulation.run(seed, bug::plant);
            return Optional.empty();
        } catch (InvariantViolated violated) {
            return String.valueOf(violated.getMessage()).lines().findFirst();
        }
    }
}
