package dev.spillway.simulation;

import java.util.random.RandomGenerator;

/** The faults of a run and their rates, all drawn from the seed. {@link #heal} ends them for the rest of the run. */
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

    /** Returns the rate of a fault: mostly up to the usual rate, in some runs three times as high. */
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

    /** Counts a fault that another part has caused. */
    void broke() {
        injected++;
    }

    boolean loses() {
        return happens(lost);
    }

    boolean duplicates() {
        return happens(duplicated);
    }

    /** Returns whether a process crashes at this point. */
    boolean crashes() {
        return happens(crash);
    }

    boolean happens(double probability) {
        boolean happens = !healed && random.nextDouble() < probability;
        injected += happens ? 1 : 0;
        return happens;
    }

    /** Returns a delay in milliseconds: mostly short, sometimes longer than everything else takes. */
    int delay() {
        boolean slow = !healed && random.nextInt(slowOneIn) == 0;
        return 1 + random.nextInt(slow ? 40_000 : 50);
    }
}
