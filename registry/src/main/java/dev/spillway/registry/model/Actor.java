package dev.spillway.registry.model;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.spillway.events.HostId;

/**
 * The party that asked for an eviction, as the audit trail shows it. It is {@code host:<id>} for a worker's message, and {@code client:<caller>} for a
 * request. It is {@code registry:sweep} for the registry's own work, and {@code unknown} if it was not recorded.
 */
public record Actor(@JsonValue String value) {
    /** The registry itself, when an entry expired or was idle too long, or when a low watermark was still to be reached. */
    public static final Actor SWEEP = new Actor("registry:sweep");

    /** A client of a coordinator that does not require tokens. */
    public static final Actor ANONYMOUS = client("anonymous");

    /** A client, by the name of its token. */
    public static Actor client(String name) {
        return new Actor("client:" + name);
    }

    public static Actor host(HostId host) {
        return new Actor("host:" + host);
    }

    @Override
    public String toString() {
        return value;
    }
}
