package dev.spillway.coordinator.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The unpinned entries of one namespace in the order of eviction, as a {@link WorkingSet} sees them. First come stored ones that this transaction has
 * not used, read page by page. Those that it has used follow, because they are newer than any stored one. Not thread-safe.
 */
final class VictimCursor {
    private static final int PAGE_MAX = 2_048;

    private final Rows rows;
    private final NamespaceName namespace;
    private final NavigableMap<Long, EntryName> used = new TreeMap<>();
    private List<EntryRow> page = List.of();
    private int next;
    private long lastUse;
    private boolean exhausted;

    VictimCursor(Rows rows, NamespaceName namespace) {
        this.rows = rows;
        this.namespace = namespace;
    }

    /** Moves an entry that this transaction put or used to its new place. */
    void used(EntryRow row) {
        if (row.pin() == null) {
            used.put(row.lastUse(), row.name());
        }
    }

    /**
     * Returns the first entry that is still at its place, other than {@code exempt}; null if there is none.
     *
     * @param current the entries as the transaction sees them; null for one that is gone
     * @param pageSize number of entries read at once when the page is used up
     * @param read     is told each page that was read and locked
     */
    @Nullable
    EntryRow first(Map<EntryName, @Nullable EntryRow> current, @Nullable EntryName exempt, int pageSize, Consumer<List<EntryRow>> read) {
        while (true) {
            for (; next < page.size(); next++) {
                EntryRow stored = page.get(next);
                EntryRow row = current.get(stored.name());
                if (row != null && row.lastUse() == stored.lastUse() && row.pin() == null && !row.name().equals(exempt)) {
                    return row;
                }
            }
            if (exhausted) {
                return firstUsed(current, exempt);
            }
            int limit = Math.clamp(pageSize, 1, PAGE_MAX);
            page = rows.lockLeastRecentlyUsed(namespace, lastUse, limit);
            next = 0;
            exhausted = page.size() < limit;
            lastUse = page.isEmpty() ? lastUse : page.getLast().lastUse();
            read.accept(page);
        }
    }

    private @Nullable EntryRow firstUsed(Map<EntryName, @Nullable EntryRow> current, @Nullable EntryName exempt) {
        for (var places = used.entrySet().iterator(); places.hasNext();) {
            Map.Entry<Long, EntryName> place = places.next();
            EntryRow row = current.get(place.getValue());
            if (row == null || row.lastUse() != place.getKey()) {
                places.remove();
            } else if (!row.name().equals(exempt)) {
                return row;
            }
        }
        return null;
    }
}
