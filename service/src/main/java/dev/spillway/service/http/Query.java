package dev.spillway.service.http;

import dev.spillway.api.Durations;
import dev.spillway.api.Numbers;
import dev.spillway.events.InvalidValueException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The query of a request. Reading a value that is not what was asked for ends the handler with 400. */
public final class Query {
    private final Map<String, String> values;

    Query(Map<String, String> values) {
        this.values = values;
    }

    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** A whole number between two bounds, both included. */
    public Optional<Long> number(String name, long least, long most) {
        return value(name, text -> {
            try {
                long number = Numbers.whole(text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Told below, as for a number out of range.
            }
            throw new InvalidValueException(name, text, "a whole number of " + least + " to " + most);
        });
    }

    /** A parameter without a value says true. */
    public Optional<Boolean> flag(String name) {
        return value(name, text -> switch (text) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new InvalidValueException(name, text, "true or false");
        });
    }

    /** A duration of more than zero and at most another. */
    public Optional<Duration> duration(String name, Duration most) {
        return value(name, text -> Durations.parse(name, text, most));
    }

    /** A value of the service's own kind; an {@link InvalidValueException} of its reader becomes one that names the parameter. */
    public <T> Optional<T> value(String name, Function<String, T> read) {
        return text(name).map(text -> {
            try {
                return read.apply(text);
            } catch (InvalidValueException e) {
                throw new InvalidValueException(name, text, e.expected());
            }
        });
    }
}
