package dev.spillway.coordinator.core;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.spillway.events.HostId;

/**
 * Who asked for what happened, as the audit trail says it: {@code host:<id>} for a worker's message, {@code client:<caller>} for a request,
 * {@code registry:sweep} for what the registry does by itself, {@code unknown} for what happened before this was written down.
 */
public record Actor(@JsonValue String value) {
    /** Nobody asked: an entry's time had come, or a low watermark was still to be reached. */
    public static final Actor SWEEP = new Actor("registry:sweep");

    /** Callers have no names as long as nobody has to say who he is. */
    public static final Actor ANONYMOUS = new Actor("client:anonymous");

    static Actor host(HostId host) {
        return new Actor("host:" + host);
    }

    @Override
    public String toString() {
        return value;
    }
}
