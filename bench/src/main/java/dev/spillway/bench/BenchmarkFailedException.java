package dev.spillway.bench;

import java.io.Serial;

/** Nothing was measured, or not what was meant; figures of such a run mean nothing. */
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
