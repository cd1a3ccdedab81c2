package dev.spillway.service.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.spillway.api.body.Loggers;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Levels of this process's loggers. Only existing loggers can be changed, which are those of loaded code and of the packages above them. So invented
 * names take no memory. Thread-safe.
 */
public final class LogLevels {
    private LogLevels() {}

    /** Returns every logger with a level of its own: ROOT first, then in the order of their names. */
    public static List<Loggers.Logger> own() {
        return context().getLoggerList().stream().filter(logger -> logger.getLevel() != null).map(LogLevels::shown).toList();
    }

    /** Returns a logger and all loggers below it; none if it does not exist. */
    public static List<Loggers.Logger> under(String name) {
        return context().exists(name) == null ? List.of()
                : context().getLoggerList()
                        .stream()
                        .filter(
                                logger -> name.equals(Loggers.ROOT) || logger.getName().equals(name)
                                        || logger.getName().startsWith(name + "."))
                        .map(LogLevels::shown)
                        .toList();
    }

    /**
     * Changes the level of a logger until this process ends. Returns empty if no such logger exists.
     *
     * @param level null to inherit it
     * @throws IllegalArgumentException if the logger is ROOT and {@code level} is null
     */
    public static Optional<Loggers.Logger> set(String name, Loggers.@Nullable Level level) {
        Logger logger = context().exists(name);
        if (logger == null) {
            return Optional.empty();
        }
        if (level == null && name.equals(Loggers.ROOT)) {
            throw new IllegalArgumentException("level: null (expected: a level, because " + Loggers.ROOT + " inherits from no other)");
        }
        logger.setLevel(level == null ? null : logback(level));
        return Optional.of(shown(logger));
    }

    static Level logback(Loggers.Level level) {
        return switch (level) {
            case TRACE -> Level.TRACE;
            case DEBUG -> Level.DEBUG;
            case INFO -> Level.INFO;
            case WARN -> Level.WARN;
            case ERROR -> Level.ERROR;
            case OFF -> Level.OFF;
        };
    }

    private static Loggers.Logger shown(Logger logger) {
        Level own = logger.getLevel();
        return new Loggers.Logger(logger.getName(), own == null ? null : spillway(own), spillway(logger.getEffectiveLevel()));
    }

    private static Loggers.Level spillway(Level level) {
        return Loggers.Level.valueOf(level.toString());
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }
}
