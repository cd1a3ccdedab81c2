package dev.spillway.coordinator.core;

/** What the registry knows of a host. */
public enum HostState {
    /** Heard within the host timeout. */
    ACTIVE,
    /** Not heard for longer than the host timeout; its orders wait. */
    AWAY,
    /** Given up: its rows are closed, and it joins again only when readmitted. */
    RETIRED
}
