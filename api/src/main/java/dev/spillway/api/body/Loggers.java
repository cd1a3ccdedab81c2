package dev.spillway.api.body;

import org.jspecify.annotations.Nullable;

/** Loggers of a service. A logger without a level of its own inherits the level of the nearest logger above it, up to ROOT. */
public final class Loggers {
    /** The name of the logger above all others. */
    public static final String ROOT = "ROOT";

    private Loggers() {}

    /** The least severe kind of line that a logger writes. */
    public enum Level {
        TRACE, DEBUG, INFO, WARN, ERROR, OFF
    }

    /**
     * One logger.
     *
     * @param level          absent if it is inherited
     * @param effectiveLevel the level that applies
     */
    public record Logger(String name, @Nullable Level level, Level effectiveLevel) {}

    /**
     * A new level of a logger.
     *
     * @param level absent to inherit it
     */
    public record Change(@Nullable Level level) {}
}
