package dev.spillway.worker.host;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The served replicas by namespace. The first request for a page of a namespace sorts its keys, which stay sorted from then on. So the cost of a page
 * does not grow with the namespace, and a start sorts nothing. One thread changes the replicas, any thread reads them.
 */
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
        private final Map<EntryKey, ReplicaRecord> byKey = new ConcurrentHashMap<>();
        /** The same replicas by sorted key, changed after {@link #byKey}; absent until the first page. */
        private volatile @Nullable ConcurrentNavigableMap<EntryKey, ReplicaRecord> sorted;
        private volatile boolean complete;
        private volatile Totals totals = Totals.NONE;

        @Nullable
        ReplicaRecord put(ReplicaRecord replica) {
            EntryKey key = replica.name().key();
            ReplicaRecord before = byKey.put(key, replica);
            NavigableMap<EntryKey, ReplicaRecord> inOrder = sorted;
            if (inOrder != null) {
                inOrder.put(key, replica);
            }
            return before;
        }

        void remove(EntryKey key) {
            byKey.remove(key);
            NavigableMap<EntryKey, ReplicaRecord> inOrder = sorted;
            if (inOrder != null) {
                inOrder.remove(key);
            }
        }

        NavigableMap<EntryKey, ReplicaRecord> sorted() {
            NavigableMap<EntryKey, ReplicaRecord> inOrder = sorted;
            return inOrder != null && complete ? inOrder : sort();
        }

        /**
         * Fills the sorted map while keys change. The changing thread changes both maps from here on, so this must not put back what that has
         * removed.
         */
        private synchronized NavigableMap<EntryKey, ReplicaRecord> sort() {
            ConcurrentNavigableMap<EntryKey, ReplicaRecord> inOrder = sorted;
            if (inOrder == null) {
                inOrder = new ConcurrentSkipListMap<>();
                sorted = inOrder;
            }
            if (!complete) {
                for (Map.Entry<EntryKey, ReplicaRecord> entry : byKey.entrySet()) {
                    EntryKey key = entry.getKey();
                    ReplicaRecord replica = entry.getValue();
                    inOrder.putIfAbsent(key, replica);
                    if (!replica.equals(byKey.get(key))) {
                        inOrder.remove(key, replica);
                    }
                }
                complete = true;
            }
            return inOrder;
        }
    }

    void put(ReplicaRecord replica) {
        OfNamespace served = namespaces.computeIfAbsent(replica.name().namespace(), name -> new OfNamespace());
        ReplicaRecord before = served.put(replica);
        served.totals = before == null ? served.totals.changed(1, replica.sizeBytes())
                : served.totals.changed(0, replica.sizeBytes() - before.sizeBytes());
    }

    /** Removes the served replica of a name, if it has this id. */
    void remove(EntryName name, ReplicaId id) {
        OfNamespace served = namespaces.get(name.namespace());
        ReplicaRecord shown = served == null ? null : served.byKey.get(name.key());
        if (served == null || shown == null || !shown.id().equals(id)) {
            return;
        }
        served.remove(name.key());
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
        NavigableMap<EntryKey, ReplicaRecord> rest = served.sorted();
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
