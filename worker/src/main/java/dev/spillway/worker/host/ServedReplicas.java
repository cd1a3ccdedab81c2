package dev.spillway.worker.host;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.ReplicaRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** The served replicas by namespace, sorted by key, so that a page costs its length and not the namespace's. One thread changes them, any thread reads. */
public final class ServedReplicas {
    private final Map<NamespaceName, OfNamespace> namespaces = new ConcurrentHashMap<>();

    /** The number of served entries of a namespace and their allocated bytes, at one moment. */
    public record Totals(long entries, long bytes) {
        static final Totals NONE = new Totals(0, 0);

        private Totals changed(long byEntries, long byBytes) {
            return new Totals(entries + byEntries, bytes + byBytes);
        }
    }

    private static final class OfNamespace {
        private final NavigableMap<EntryKey, ReplicaRecord> byKey = new ConcurrentSkipListMap<>();
        private volatile Totals totals = Totals.NONE;
    }

    void put(ReplicaRecord replica) {
        OfNamespace served = namespaces.computeIfAbsent(replica.name().namespace(), name -> new OfNamespace());
        ReplicaRecord before = served.byKey.put(replica.name().key(), replica);
        served.totals = before == null ? served.totals.changed(1, replica.sizeBytes())
                : served.totals.changed(0, replica.sizeBytes() - before.sizeBytes());
    }

    /** Removes what is served of a name, if it is that replica. */
    void remove(EntryName name, ReplicaId id) {
        OfNamespace served = namespaces.get(name.namespace());
        ReplicaRecord shown = served == null ? null : served.byKey.get(name.key());
        if (served == null || shown == null || !shown.id().equals(id)) {
            return;
        }
        served.byKey.remove(name.key());
        served.totals = served.totals.changed(-1, -shown.sizeBytes());
        if (served.byKey.isEmpty()) {
            namespaces.remove(name.namespace());
        }
    }

    Optional<ReplicaRecord> get(EntryName name) {
        OfNamespace served = namespaces.get(name.namespace());
        return served == null ? Optional.empty() : Optional.ofNullable(served.byKey.get(name.key()));
    }

    Totals totals(NamespaceName namespace) {
        OfNamespace served = namespaces.get(namespace);
        return served == null ? Totals.NONE : served.totals;
    }

    /**
     * Returns the replicas of a namespace in the order of keys.
     *
     * @param prefix prefix of the keys; empty for all
     * @param after  the key before the first; empty for none
     */
    List<ReplicaRecord> page(NamespaceName namespace, String prefix, String after, int limit) {
        OfNamespace served = namespaces.get(namespace);
        if (served == null) {
            return List.of();
        }
        NavigableMap<EntryKey, ReplicaRecord> rest = served.byKey;
        if (!prefix.isEmpty()) {
            rest = rest.tailMap(new EntryKey(prefix), true);
        }
        if (!after.isEmpty() && (prefix.isEmpty() || new EntryKey(after).compareTo(new EntryKey(prefix)) >= 0)) {
            rest = rest.tailMap(new EntryKey(after), false);
        }
        List<ReplicaRecord> page = new ArrayList<>();
        for (ReplicaRecord replica : rest.values()) {
            if (page.size() == limit || !replica.name().key().value().startsWith(prefix)) {
                break;
            }
            page.add(replica);
        }
        return page;
    }
}
