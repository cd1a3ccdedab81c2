package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/** The configured name of one host: lower-case letters, digits, dots and dashes, 1 to 63 characters. */
public record HostId(@JsonValue String value) implements Comparable<HostId> {
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public HostId {
        if (!FORM.matcher(value).matches()) {
            throw new InvalidValueException("hostId", value, FORM.pattern());
        }
    }

    @Override
    public int compareTo(HostId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
