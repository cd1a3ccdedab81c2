package dev.spillway.events.protocol;

/** What a worker says of itself; bytes are allocated blocks. */
public record HostFigures(long replicas, long bytes, long held, long trash, long freeBytes) {
    public static final HostFigures NONE = new HostFigures(0, 0, 0, 0, 0);
}
