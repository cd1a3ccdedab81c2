package dev.spillway.coordinator.postgres.statement;

import org.jspecify.annotations.Nullable;

/** Another transaction was in the way. Nothing was changed, and the same command may succeed at once. */
public final class TransactionConflict extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TransactionConflict(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
