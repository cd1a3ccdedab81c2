package dev.spillway.service.http;

import dev.spillway.api.Durations;
import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import dev.spillway.events.InvalidValueException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The query of a request, percent-decoded once. Reading a value that is not what was asked for ends the handler with 400. */
public final class Query {
    private final List<String> declared;
    private final Map<String, String> values;

    private Query(List<String> declared, Map<String, String> values) {
        this.declared = declared;
        this.values = values;
    }

    static Query parse(String raw, List<String> declared) {
        Map<String, String> values = new LinkedHashMap<>();
        for (var pair : raw.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            try {
                var name = PathEncoding.decodeQuery(equals < 0 ? pair : pair.substring(0, equals));
                if (!declared.contains(name)) {
                    throw Problems.unknownParameter(name, declared).exception();
                }
                if (values.putIfAbsent(name, equals < 0 ? "" : PathEncoding.decodeQuery(pair.substring(equals + 1))) != null) {
                    throw Problem.invalid(name + ": given twice (expected: once)").exception();
                }
            } catch (IllegalArgumentException e) {
                throw Problems.malformedQuery("query: " + e.getMessage()).exception();
            }
        }
        return new Query(declared, values);
    }

    public Optional<String> text(String name) {
        if (!declared.contains(name)) {
            throw new IllegalStateException("query parameter " + name + " is read but not declared by the route");
        }
        return Optional.ofNullable(values.get(name));
    }

    /** A whole number between two bounds, both included. */
    public Optional<Long> number(String name, long least, long most) {
        return read(name, "a whole number of " + least + " to " + most, text -> {
            long number = Long.parseLong(text);
            if (number < least || number > most) {
                throw new IllegalArgumentException(text);
            }
            return number;
        });
    }

    /** A parameter without a value says true. */
    public Optional<Boolean> flag(String name) {
        return read(name, "true or false", text -> switch (text) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        });
    }

    /** A duration of more than zero and at most another. */
    public Optional<Duration> duration(String name, Duration most) {
        return value(name, text -> Durations.parse(name, text, most));
    }

    /** A duration of zero or more. */
    public Optional<Duration> duration(String name) {
        return read(name, Durations.EXPECTED, Durations::parse);
    }

    /** One of the constants, written in lower case. */
    public <E extends Enum<E>> Optional<E> oneOf(String name, Class<E> type) {
        var names = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        return read(name, "one of " + names, text -> {
            if (!text.equals(text.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException(text);
            }
            return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
        });
    }

    /** A value of the service's own kind; an {@link IllegalArgumentException} of its reader says why a text is refused. */
    public <T> Optional<T> value(String name, Function<String, T> read) {
        return text(name).map(text -> Request.read(name, text, given -> {
            try {
                return read.apply(given);
            } catch (InvalidValueException e) {
                // The caller knows the value by the name of its parameter.
                throw new InvalidValueException(name, given, e.expected());
            }
        }));
    }

    private <T> Optional<T> read(String name, String expected, Function<String, T> read) {
        return text(name).map(text -> {
            try {
                return read.apply(text);
            } catch (IllegalArgumentException e) {
                throw Problem.invalid("%s: %s (expected: %s)".formatted(name, Problems.shown(text), expected)).exception();
            }
        });
    }
}
