package dev.spillway.simulation;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** What goes wrong, and how often. All of it is drawn from the seed; {@link #heal} ends it for the rest of the run. */
final class Faults {
    private final RandomGenerator random;
    private final double lost;
    private final double duplicated;
    private final double crash;
    private boolean healed;
    private long injected;

    Faults(RandomGenerator random) {
        this.random = random;
        lost = random.nextDouble() * 0.15;
        duplicated = random.nextDouble() * 0.15;
        crash = random.nextDouble() * 0.02;
    }

    void heal() {
        healed = true;
    }

    boolean isHealed() {
        return healed;
    }

    long injected() {
        return injected;
    }

    boolean loses() {
        return happens(lost);
    }

    boolean duplicates() {
        return happens(duplicated);
    }

    /** Whether a process dies right here. */
    boolean crashes() {
        return happens(crash);
    }

    boolean happens(double probability) {
        boolean happens = !healed && random.nextDouble() < probability;
        injected += happens ? 1 : 0;
        return happens;
    }

    /** Mostly quick, sometimes slow enough for everything else to happen before. */
    Duration delay() {
        boolean slow = !healed && random.nextInt(20) == 0;
        return Duration.ofMillis(1 + random.nextInt(slow ? 40_000 : 50));
    }
}
