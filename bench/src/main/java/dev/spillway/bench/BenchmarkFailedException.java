package dev.spillway.bench;

import java.io.Serial;

/** Thrown when a run measured nothing, or not what it was meant to, so that its figures mean nothing. */
public final class BenchmarkFailedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public BenchmarkFailedException(String message) {
        super(message);
    }

    public BenchmarkFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
