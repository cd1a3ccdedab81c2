package dev.spillway.cli.option;

import dev.spillway.api.Durations;
import dev.spillway.api.Numbers;
import dev.spillway.api.Sizes;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Loggers;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Converts the texts of arguments to values. Invalid texts are refused here, before anything is sent. */
public final class Values {
    /** A number of bytes, given as {@code 4096} or {@code 10GiB}. */
    public record Bytes(long count) {}

    /** A number of 1 or more. */
    public record Count(long number) {
        public static final Count ALL = new Count(Long.MAX_VALUE);

        @Override
        public String toString() {
            return number == Long.MAX_VALUE ? "all" : Long.toString(number);
        }
    }

    /** A share above 0 and at most 1. */
    public record Share(double fraction) {
        private static final String EXPECTED = "a number above 0 and at most 1";

        public static Share parse(String text) {
            try {
                double fraction = Numbers.decimal(text);
                if (fraction > 0 && fraction <= 1) {
                    return new Share(fraction);
                }
            } catch (NumberFormatException e) {
                // Told below, as for a number out of range.
            }
            throw new IllegalArgumentException(text + " (expected: " + EXPECTED + ")");
        }
    }

    /** A label of entries, {@code NAME=VALUE}. */
    public record Label(String text) {
        public Label {
            if (text.indexOf('=') < 1) {
                throw new IllegalArgumentException(text + " (expected: NAME=VALUE)");
            }
        }

        public String name() {
            return text.substring(0, text.indexOf('='));
        }

        public String value() {
            return text.substring(text.indexOf('=') + 1);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * A level of a logger.
     *
     * @param level null to inherit it
     */
    public record LogLevel(Loggers.@Nullable Level level) {
        private static final String INHERIT = "inherit";

        static LogLevel parse(String text) {
            if (text.equalsIgnoreCase(INHERIT)) {
                return new LogLevel(null);
            }
            for (Loggers.Level level : Loggers.Level.values()) {
                if (level.name().equalsIgnoreCase(text)) {
                    return new LogLevel(level);
                }
            }
            throw new IllegalArgumentException(
                    "%s (expected: %s or %s)".formatted(
                            text,
                            Arrays.stream(Loggers.Level.values()).map(Values::name).collect(Collectors.joining(", ")),
                            INHERIT));
        }
    }

    /** The id of an event. */
    public record EventId(String text) {
        public EventId {
            if (!text.matches("[0-9]{1,18}-[0-9]{1,18}")) {
                throw new InvalidValueException("event", text, "the id of an event, such as 1234-56");
            }
        }
    }

    /** A duration above zero. It is sent as it was typed, so that a server that refuses it shows it in this form. */
    public record TimeSpan(String text) {
        public TimeSpan {
            if (!Durations.parse(text).isPositive()) {
                throw new IllegalArgumentException(text + " (expected: more than zero)");
            }
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private Values() {}

    public static Count count(String text) {
        return new Count(whole(text, 1, Long.MAX_VALUE));
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(text + " (expected: a time such as 2026-12-31T23:59:59Z)", e);
        }
    }

    private static EvictionCause cause(String text) {
        for (EvictionCause cause : EvictionCause.values()) {
            if (cause.name().equalsIgnoreCase(text)) {
                return cause;
            }
        }
        throw new IllegalArgumentException(
                text + " (expected: one of " + Arrays.stream(EvictionCause.values()).map(Enum::name).collect(Collectors.joining(", "))
                        + ")");
    }

    public static void convert(CommandLine commands) {
        register(commands, NamespaceName.class, NamespaceName::new);
        register(commands, EntryKey.class, EntryKey::new);
        register(commands, HostId.class, HostId::new);
        register(commands, SnapshotId.class, SnapshotId::new);
        register(commands, EvictionId.class, EvictionId::parse);
        register(commands, Duration.class, Durations::parse);
        register(commands, Count.class, Values::count);
        register(commands, PlanId.class, PlanId::parse);
        register(commands, PinReason.class, PinReason::new);
        register(commands, Instant.class, Values::time);
        register(commands, EvictionCause.class, Values::cause);
        register(commands, Share.class, Share::parse);
        register(commands, Label.class, Label::new);
        register(commands, LogLevel.class, LogLevel::parse);
        register(commands, TimeSpan.class, TimeSpan::new);
        register(commands, EventId.class, EventId::new);
        register(commands, Bytes.class, text -> new Bytes(Sizes.parse(text)));
        register(commands, UUID.class, Values::uuid);
        register(commands, Path.class, Values::path);
        register(commands, CachedDirectories.Mode.class, text -> oneOf(CachedDirectories.Mode.class, text));
        register(commands, Evictions.State.class, text -> oneOf(Evictions.State.class, text));
        register(commands, Integer.class, text -> Math.toIntExact(whole(text, 0, Integer.MAX_VALUE)));
        register(commands, int.class, text -> Math.toIntExact(whole(text, 0, Integer.MAX_VALUE)));
        register(commands, Long.class, text -> whole(text, 0, Long.MAX_VALUE));
    }

    /** Reads a path. An empty text, for example from an unset variable, is refused, because it would mean the current directory. */
    private static Path path(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("'' (expected: a path)");
        }
        return Path.of(text);
    }

    private static <T> void register(CommandLine commands, Class<T> type, Function<String, T> read) {
        commands.registerConverter(type, text -> {
            try {
                return read.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        });
    }

    /** @throws IllegalArgumentException if the text names no constant */
    public static <E extends Enum<E>> E oneOf(Class<E> type, String text) {
        for (E constant : type.getEnumConstants()) {
            if (name(constant).equals(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "%s (expected: %s)".formatted(
                        text,
                        Arrays.stream(type.getEnumConstants()).map(Values::name).collect(Collectors.joining(" or "))));
    }

    /** Returns the name of a constant as servers and people write it. */
    public static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static long whole(String text, long least, long most) {
        try {
            long number = Numbers.whole(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, as for a number out of range.
        }
        throw new IllegalArgumentException(text + " (expected: a whole number of " + least + " to " + most + ")");
    }

    private static UUID uuid(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(text + " (expected: an id such as 019a9c3e-7d1f-7a42-9b55-0c2f6d4e8a10)", e);
        }
    }
}
