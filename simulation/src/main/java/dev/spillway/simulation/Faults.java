package dev.spillway.simulation;

import java.util.random.RandomGenerator;

/** What goes wrong, and how often. All of it is drawn from the seed; {@link #heal} ends it for the rest of the run. */
final class Faults {
    private final RandomGenerator random;
    private final double lost;
    private final double duplicated;
    private final double crash;
    private final int slowOneIn;
    private boolean healed;
    private long injected;

    Faults(RandomGenerator random) {
        this.random = random;
        lost = rate(0.15);
        duplicated = rate(0.15);
        crash = rate(0.02);
        slowOneIn = random.nextInt(4) == 0 ? 4 : 20;
    }

    /** Mostly up to what is usual; in some runs one fault is three times as frequent. */
    private double rate(double usual) {
        return random.nextDouble() * usual * (random.nextInt(4) == 0 ? 3 : 1);
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

    /** Counts something that somebody else broke. */
    void broke() {
        injected++;
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

    /** Milliseconds: mostly few, sometimes enough for everything else to happen before. */
    int delay() {
        boolean slow = !healed && random.nextInt(slowOneIn) == 0;
        return 1 + random.nextInt(slow ? 40_000 : 50);
    }
}
