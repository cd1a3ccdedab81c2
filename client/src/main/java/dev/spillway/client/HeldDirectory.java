package dev.spillway.client;

import java.nio.file.Path;
import java.time.Instant;

/** A cached tree that stays whole on its host until it is closed. Its hold is extended in the background until then. Thread-safe. */
public interface HeldDirectory extends AutoCloseable {
    /** Returns the path of the tree on the worker's host. */
    Path path();

    String snapshotId();

    long generation();

    /** Returns its size in allocated bytes. */
    long sizeBytes();

    /**
     * Returns the time until which the worker has promised to keep the tree whole. It is extended while this is open. If it is in the past, the
     * worker could not be reached in time, and the tree may be gone.
     */
    Instant heldUntil();

    /** Releases the hold. If the worker cannot be reached, the hold expires by itself. */
    @Override
    void close();
}
