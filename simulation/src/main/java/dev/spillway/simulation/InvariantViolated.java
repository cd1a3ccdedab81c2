package dev.spillway.simulation;

/** Thrown for a run in which an invariant did not hold, with its seed and its story. */
public final class InvariantViolated extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InvariantViolated(String message) {
        super(message);
    }

    InvariantViolated(long seed, long steps, String story, Throwable cause) {
        super("seed " + seed + ", step " + steps + ": " + cause.getMessage() + "\n" + story, cause);
    }
}
