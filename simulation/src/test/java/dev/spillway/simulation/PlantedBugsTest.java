package dev.spillway.simulation;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The simulation bites: each planted bug is found, within so many seeds as its name is listed with. */
@Tag("full")
final class PlantedBugsTest {
    /** Three times what the one takes that is found last, and much more than the others take. */
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

    /** What the run with this seed breaks, in one line. */
    private static Optional<String> violation(PlantedBugs bug, long seed) {
        try {
            Simulation.run(seed, bug::plant);
            return Optional.empty();
        } catch (InvariantViolated violated) {
            return String.valueOf(violated.getMessage()).lines().findFirst();
        }
    }
}
