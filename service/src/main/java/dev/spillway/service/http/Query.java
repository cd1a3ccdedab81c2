package dev.spillway.service.http;

import dev.spillway.api.Durations;
import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
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

/**
 * The query of a request, percent-decoded once. {@code RoutingContext.queryParams()} would replace bytes that are not UTF-8 and let a misspelled
 * name pass. Reading a value that is not what was asked for ends the handler with 400.
 */
public final class Query {
    private final Map<String, String> values = new LinkedHashMap<>();

    Query(String raw, List<String> declared) {
        for (var pair : raw.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            var parts = pair.split("=", 2);
            try {
                var name = PathEncoding.decodeQuery(parts[0]);
                if (!declared.contains(name)) {
                    throw Problem.of(ProblemType.UNKNOWN_PARAMETER, "%s: unknown query parameter (expected: %s)"
                            .formatted(Problems.shown(name), declared.isEmpty() ? "none" : String.join(", ", declared))).exception();
                }
                if (values.put(name, parts.length == 1 ? "" : PathEncoding.decodeQuery(parts[1])) != null) {
                    throw Problem.invalid(name + ": given twice (expected: once)").exception();
                }
            } catch (IllegalArgumentException e) {
                throw Problem.of(ProblemType.MALFORMED_QUERY, "query: " + e.getMessage()).exception();
            }
        }
    }

    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** A whole number between two bounds, both included, written in digits alone. */
    public Optional<Long> number(String name, long least, long most) {
        return read(name, "a whole number of " + least + " to " + most,
                text -> Optional.of(text)
                        .filter(digits -> digits.matches("[0-9]+"))
                        .map(Long::valueOf)
                        .filter(number -> number >= least && number <= most)
                        .orElseThrow(IllegalArgumentException::new));
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

    /** One of the constants, written in lower case. */
    public <E extends Enum<E>> Optional<E> oneOf(String name, Class<E> type) {
        var constants = Arrays.stream(type.getEnumConstants())
                .collect(Collectors.toMap(constant -> constant.name().toLowerCase(Locale.ROOT), Function.identity(), (a, b) -> a,
                        LinkedHashMap::new));
        return read(name, "one of " + String.join(", ", constants.keySet()),
                text -> Optional.ofNullable(constants.get(text)).orElseThrow(IllegalArgumentException::new));
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
        return value(name, text -> {
            try {
                return read.apply(text);
            } catch (IllegalArgumentException e) {
                throw new InvalidValueException(name, text, expected);
            }
        });
    }
}
