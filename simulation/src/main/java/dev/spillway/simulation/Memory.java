package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the invariants remember of the registry's past. A database that is restored goes back to the memory of its backup. */
final class Memory {
    record KeyOfHost(SimulatedHost host, EntryName name) {}

    final Set<ReplicaId> everLive = new HashSet<>();
    final Set<ReplicaId> ended = new HashSet<>();
    final Map<EntryName, Long> highest = new HashMap<>();
    final Map<KeyOfHost, Long> lastRegistered = new HashMap<>();
    final Map<HostId, StoreId> stores = new HashMap<>();
    /** Generations whose end somebody or some rule wanted. */
    final Map<EntryName, Set<Long>> ends = new HashMap<>();

    Memory copy() {
        Memory copy = new Memory();
        copy.everLive.addAll(everLive);
        copy.ended.addAll(ended);
        copy.highest.putAll(highest);
        copy.lastRegistered.putAll(lastRegistered);
        copy.stores.putAll(stores);
        ends.forEach((name, generations) -> copy.ends.put(name, new HashSet<>(generations)));
        return copy;
    }
}
