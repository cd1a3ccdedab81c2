package dev.spillway.registry.model;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/** The registry's view of a host. */
public enum HostState {
    /** Heard within the host timeout. */
    ACTIVE,
    /**
     * Heard, takes nothing new, and gives up the copies that other hosts also hold. This state is only shown and never stored: a drain is stored
     * separately, so that it continues after the host was away.
     */
    DRAINING,
    /** Not heard for longer than the host timeout. Its orders wait. */
    AWAY,
    /** Given up: its rows are closed, and it joins again only when readmitted. */
    RETIRED;

    /** Counts hosts by the state shown to people. A state without hosts is absent. */
    public static Map<HostState, Long> count(Collection<HostRow> hosts) {
        Map<HostState, Long> counts = new EnumMap<>(HostState.class);
        hosts.forEach(host -> counts.merge(host.shownState(), 1L, Long::sum));
        return counts;
    }
}
