package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/** The name of one LRU domain, {@code [a-z0-9][a-z0-9._-]{0,62}}. */
public record NamespaceName(@JsonValue String value) implements Comparable<NamespaceName> {
    /** The form of the names of namespaces, tokens and pagers. */
    public static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public NamespaceName {
        if (!FORM.matcher(value).matches()) {
            throw new InvalidValueException("namespace", value, FORM.pattern());
        }
    }

    @Override
    public int compareTo(NamespaceName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
