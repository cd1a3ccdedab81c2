package dev.spillway.client;

import java.nio.file.Path;
import java.time.Instant;

/** A cached tree that stays whole on its host until it is closed. The hold is extended in the background meanwhile. Thread-safe. */
public interface HeldDirectory extends AutoCloseable {
    /** Returns the path of the tree on the worker's host. */
    Path path();

    String snapshotId();

    long generation();

    /** Allocated bytes. */
    long sizeBytes();

    /**
     * Until when the worker promised to keep the tree whole. It moves on while this is open; once it is in the past the worker could not be asked
     * for so long, and the tree may be gone.
     */
    Instant heldUntil();

    /** Releases the hold. Where the worker cannot be asked the hold runs out by itself. */
    @Override
    void close();
}
