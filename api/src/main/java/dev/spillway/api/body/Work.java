package dev.spillway.api.body;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * Running work of a host.
 *
 * @param bytesDone number of bytes read or copied so far
 */
public record Work(Kind kind, long bytesDone) {
    /** Kinds of work, in lower case on the wire. */
    public enum Kind {
        @JsonProperty("put")
        PUT,
        @JsonProperty("fetch")
        FETCH,
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
