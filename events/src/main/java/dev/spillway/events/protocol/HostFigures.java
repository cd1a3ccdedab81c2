package dev.spillway.events.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Figures that a worker tells of itself; bytes are allocated blocks.
 *
 * @param freeInodes files that it may still make; absent where their number is not fixed, and of a worker that does not tell it
 */
public record HostFigures(long replicas, long bytes, long held, long trash, long freeBytes, @Nullable Long freeInodes) {
    public static final HostFigures NONE = new HostFigures(0, 0, 0, 0, 0, null);
}
