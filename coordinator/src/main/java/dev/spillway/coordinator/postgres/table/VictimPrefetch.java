package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows.Holders;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Prefetches victims and their holders together with the transaction's first locks, because its puts will probably need them. They are used only if
 * they are exactly what is asked for later. One statement may read both: every writer of an entry or of its LIVE rows locks the namespace, which an
 * earlier statement of this transaction has locked. Not thread-safe.
 */
public final class VictimPrefetch {
    public static final String VICTIMS = "SELECT " + EntryTable.COLUMNS + ", " + ReplicaTable.COLUMNS_BESIDE_ENTRY
            + """
                    FROM unnest(:namespaces, :priorities, :uses, :limits) AS asked (namespace, after_priority, after_use, most)
                    CROSS JOIN LATERAL (
                        SELECT * FROM entries e WHERE e.namespace = asked.namespace
                            AND (e.priority, e.last_use) > (asked.after_priority, asked.after_use) AND e.pin_reason IS NULL AND NOT e.follows
                        ORDER BY e.priority, e.last_use LIMIT asked.most FOR UPDATE) AS e
                    LEFT JOIN LATERAL (
                        SELECT * FROM replicas r
                        WHERE r.generation = e.generation AND r.namespace = e.namespace AND r.key = e.key AND r.doom_cause IS NULL
                        ORDER BY r.replica_id LIMIT :holdersEach FOR UPDATE) AS r ON true""";

    private record Asked(NamespaceName namespace, Place after, int limit) {}

    private record Found(EntryRow entry, @Nullable ReplicaRow holder) {}

    private record Page(Asked asked, List<EntryRow> entries) {}

    private final LeastPlaces leastPlaces;
    private final Map<NamespaceName, Page> pages = new HashMap<>();
    private final Map<Holding, List<ReplicaRow>> holders = new HashMap<>();
    private int holdersEach;

    VictimPrefetch(LeastPlaces leastPlaces) {
        this.leastPlaces = leastPlaces;
    }

    /**
     * Adds the statement for namespaces that have evicted recently.
     *
     * @return stores the result; to be called once the script has run
     */
    Runnable read(SortedMap<NamespaceName, Integer> puts, int holdersOfEach, Script script) {
        List<Asked> asked = new ArrayList<>();
        puts.forEach(
                (namespace, count) -> leastPlaces.expected(namespace).ifPresent(after -> asked.add(new Asked(namespace, after, count))));
        Script.Found<Found> rows = Columns.of(asked)
                .texts("namespaces", Asked::namespace)
                .doubles("priorities", one -> one.after().priority())
                .longs("uses", one -> one.after().use())
                .ints("limits", Asked::limit)
                .value("holdersEach", Columns.number(holdersOfEach))
                .addTo(script, VICTIMS, (row, context) -> {
                    EntryRow entry = EntryTable.MAPPER.map(row, context);
                    return new Found(entry, ReplicaTable.holder(row, entry));
                });
        return () -> {
            holdersEach = holdersOfEach;
            Map<NamespaceName, SortedMap<Place, EntryRow>> inOrder = new LinkedHashMap<>();
            asked.forEach(one -> inOrder.put(one.namespace(), new TreeMap<>()));
            for (Found found : rows.rows()) {
                EntryRow entry = found.entry();
                inOrder.getOrDefault(entry.name().namespace(), new TreeMap<>()).put(entry.place(), entry);
                List<ReplicaRow> holding =
                        holders.computeIfAbsent(new Holding(entry.name(), entry.generation()), ignored -> new ArrayList<>());
                if (found.holder() != null) {
                    holding.add(found.holder());
                }
            }
            holders.values().forEach(holding -> holding.sort(Comparator.comparing(ReplicaRow::id)));
            asked.forEach(
                    one -> pages.put(
                            one.namespace(),
                            new Page(one, List.copyOf(inOrder.getOrDefault(one.namespace(), new TreeMap<>()).values()))));
        };
    }

    /** Returns the page of unpinned entries after {@code after}, if it was prefetched. */
    Optional<List<EntryRow>> page(NamespaceName namespace, Place after, int limit) {
        Page page = pages.get(namespace);
        if (page == null || !page.asked().after().equals(after) || page.asked().limit() < limit) {
            return Optional.empty();
        }
        return Optional.of(page.entries().subList(0, Math.min(limit, page.entries().size())));
    }

    /** Returns the holders of those holdings that were prefetched. */
    Map<Holding, Holders> holders(Collection<Holding> of) {
        Map<Holding, Holders> found = new HashMap<>();
        for (Holding holding : of) {
            List<ReplicaRow> read = holders.get(holding);
            if (read != null) {
                found.put(holding, Holders.ofUpTo(holdersEach, read));
            }
        }
        return found;
    }
}
