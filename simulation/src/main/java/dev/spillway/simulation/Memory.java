package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The past of the registry as the invariants remember it. If the database is restored, the memory of its backup is restored, too. */
final class Memory {
    record KeyOfHost(SimulatedHost host, EntryName name) {}

    final Set<ReplicaId> everLive = new HashSet<>();
    final Set<ReplicaId> ended = new HashSet<>();
    final Map<EntryName, Long> highest = new HashMap<>();
    final Map<KeyOfHost, Long> lastRegistered = new HashMap<>();
    final Map<HostId, StoreId> stores = new HashMap<>();
    /** Generations that a command or a rule has ended. */
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
