package dev.spillway.events.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Figures that a worker reports of its host; bytes are allocated blocks.
 *
 * @param freeInodes number of files that the worker may still make; absent if it is not fixed, and from a worker of an older version
 */
public record HostFigures(long replicas, long bytes, long held, long trash, long freeBytes, @Nullable Long freeInodes) {
    public static final HostFigures NONE = new HostFigures(0, 0, 0, 0, 0, null);
}
