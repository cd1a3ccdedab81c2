package dev.spillway.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * Work of a host that is under way.
 *
 * @param bytesDone bytes read or copied so far
 */
public record Work(Kind kind, long bytesDone) {
    /** Kinds of work, in lower case on the wire. */
    public enum Kind {
        @JsonProperty("put")
        PUT,
        @JsonProperty("capture")
        CAPTURE,
        @JsonProperty("restore")
        RESTORE,
        @JsonProperty("verify")
        VERIFY;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
