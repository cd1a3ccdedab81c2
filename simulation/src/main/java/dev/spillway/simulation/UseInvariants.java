package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.store.Changes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Invariant 7: a read on a host counts in the order of use. In the end, the registry has accepted an access of each entry at or after the last read
 * of its generation on any host. Exceptions are reads of a host that crashed before its index had the read, lost its store, or had its clock set, and
 * reads before a restore of the database.
 */
final class UseInvariants {
    private record Read(SimulatedHost host, EntryName name) {}

    /**
     * @param generation generation of the copy that was read
     * @param durable whether the host's index has the read
     */
    private record Use(Instant at, long generation, boolean durable) {}

    private final MapRows rows;
    private final Map<Read, Use> uses = new HashMap<>();
    private final Map<EntryName, Instant> accepted = new HashMap<>();

    UseInvariants(MapRows rows) {
        this.rows = rows;
    }

    void used(SimulatedHost host, EntryName name, long generation) {
        uses.put(new Read(host, name), new Use(rows.now(), generation, false));
    }

    /** Records that the host's index has its last read of a key. */
    void written(SimulatedHost host, EntryName name) {
        uses.computeIfPresent(new Read(host, name), (read, use) -> new Use(use.at(), use.generation(), true));
    }

    /** Records that the process crashed without reporting or writing all reads. */
    void died(SimulatedHost host) {
        uses.entrySet().removeIf(use -> use.getKey().host().equals(host) && !use.getValue().durable());
    }

    /** Forgets the reads of a host whose index may lack them or have wrong times. */
    void forget(SimulatedHost host) {
        uses.keySet().removeIf(read -> read.host().equals(host));
    }

    void restored() {
        uses.clear();
        accepted.clear();
    }

    /** Called before the changes are committed. */
    void committed(Changes changes) {
        changes.entries().rows().forEach((name, row) -> {
            var before = rows.storedEntries().get(name);
            if (before == null || before.lastUse() != row.lastUse()) {
                accepted.put(name, rows.now());
            }
        });
    }

    List<String> untold(List<SimulatedHost> hosts) {
        List<String> found = new ArrayList<>();
        uses.forEach((read, use) -> {
            Instant access = accepted.getOrDefault(read.name(), Instant.MIN);
            EntryRow entry = rows.storedEntries().get(read.name());
            if (hosts.contains(read.host()) && entry != null && entry.generation() == use.generation() && access.isBefore(use.at())) {
                found.add(
                        "%s was read on %s at %s, and the last access that the registry took is of %s".formatted(
                                read.name(),
                                read.host(),
                                use.at(),
                                access));
            }
        });
        return found;
    }
}
