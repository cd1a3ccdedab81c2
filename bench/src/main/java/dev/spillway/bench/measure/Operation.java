package dev.spillway.bench.measure;

/**
 * What one caller does again and again. Used by one thread at a time, a virtual one: it has to wait for something now and then, or more callers
 * than processors keep one another from starting.
 */
@FunctionalInterface
public interface Operation extends AutoCloseable {
    /** How one call ended. */
    enum Outcome {
        DONE,
        /** It surely did not happen, and is to be tried again later. */
        REFUSED
    }

    /** One call. An exception ends the whole run. */
    Outcome call() throws Exception;

    /** Gives back what this caller holds. */
    @Override
    default void close() {}
}
