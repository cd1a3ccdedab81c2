package dev.spillway.coordinator.http;

import dev.spillway.api.Durations;
import dev.spillway.events.InvalidValueException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** Reads times and durations in bodies. Only text is accepted, because a bare number has no unit. */
final class Times {
    /** Latest accepted time. Later years have more than four digits, which RFC 3339 does not allow. */
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private Times() {}

    static @Nullable Duration duration(String name, @Nullable String text) {
        try {
            return text == null ? null : Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidValueException(name, String.valueOf(text), Durations.EXPECTED);
        }
    }

    static @Nullable Instant time(String name, @Nullable String text) {
        try {
            Instant time = text == null ? null : Instant.parse(text);
            if (time == null || !time.isAfter(LATEST)) {
                return time;
            }
        } catch (DateTimeParseException e) {
            throw refused(name, text);
        }
        throw refused(name, text);
    }

    private static InvalidValueException refused(String name, @Nullable String text) {
        return new InvalidValueException(name, String.valueOf(text), "a time such as 2026-12-31T23:59:59Z, at most " + LATEST);
    }
}
