package dev.spillway.registry.model;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** A field of a {@link Policy}, under its public name. */
public enum PolicyField {
    MAX_ENTRIES("maxEntries"),
    MAX_BYTES("maxBytes"),
    TTL("ttl"),
    MAX_IDLE("maxIdle"),
    LOW_WATERMARK("lowWatermark"),
    MAX_EVICTION_SHARE("maxEvictionShare"),
    BACKEND("backend"),
    MIN_RESIDENCY("minResidency"),
    WRITE_ONCE("writeOnce"),
    EVICTION_POLICY("evictionPolicy");

    private final String text;

    PolicyField(String text) {
        this.text = text;
    }

    /** Returns the fields with these names; ignores other names. */
    public static Set<PolicyField> named(Collection<String> names) {
        EnumSet<PolicyField> fields = EnumSet.allOf(PolicyField.class);
        fields.removeIf(field -> !names.contains(field.text));
        return fields;
    }

    @JsonValue
    @Override
    public String toString() {
        return text;
    }

    static Set<PolicyField> copy(Collection<PolicyField> fields) {
        EnumSet<PolicyField> copy = EnumSet.noneOf(PolicyField.class);
        copy.addAll(fields);
        return Collections.unmodifiableSet(copy);
    }

    public static Set<PolicyField> of(PolicyField... fields) {
        return copy(Arrays.asList(fields));
    }
}
