package dev.spillway.bench.measure;

/**
 * The operation that one caller repeats. Used by one virtual thread at a time. It must block now and then, because otherwise callers beyond the
 * number of processors never start.
 */
@FunctionalInterface
public interface MeasuredOperation extends AutoCloseable {
    /** The outcome of one call. */
    enum Outcome {
        DONE,
        /** It was certainly not carried out, and must be repeated later. */
        REFUSED
    }

    /** Makes one call. An exception ends the whole run. */
    Outcome call() throws Exception;

    /** Releases the resources of this caller. */
    @Override
    default void close() {}
}
