package dev.spillway.coordinator.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.util.ArrayList;
import java.util.Iterator;
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
    private final List<EntryRow> stored = new ArrayList<>();
    /** Before it, no stored entry is at its place any more. */
    private int first;
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
     * Returns a walk over the entries that are still at their place, other than {@code exempt}. It ends when an entry is put, used or evicted.
     *
     * @param current the entries as the transaction sees them; null for one that is gone
     * @param read    is told each page that was read and locked
     */
    Walk walk(Map<EntryName, @Nullable EntryRow> current, @Nullable EntryName exempt, Consumer<List<EntryRow>> read) {
        return new Walk(current, exempt, read);
    }

    /** Returns one victim after the other, and changes nothing. */
    final class Walk {
        private final Map<EntryName, @Nullable EntryRow> current;
        private final @Nullable EntryName exempt;
        private final Consumer<List<EntryRow>> read;
        private int at = first;
        private @Nullable Iterator<Map.Entry<Long, EntryName>> places;

        private Walk(Map<EntryName, @Nullable EntryRow> current, @Nullable EntryName exempt, Consumer<List<EntryRow>> read) {
            this.current = current;
            this.exempt = exempt;
            this.read = read;
        }

        /**
         * Returns the next entry; null if there is none.
         *
         * @param pageSize number of entries read at once when those that were read are used up
         */
        @Nullable
        EntryRow next(int pageSize) {
            while (places == null) {
                while (at < stored.size()) {
                    EntryRow asStored = stored.get(at++);
                    EntryRow row = current.get(asStored.name());
                    boolean inPlace = row != null && row.lastUse() == asStored.lastUse() && row.pin() == null;
                    if (!inPlace && first == at - 1) {
                        first = at;
                    }
                    if (inPlace && !asStored.name().equals(exempt)) {
                        return row;
                    }
                }
                if (exhausted) {
                    places = used.entrySet().iterator();
                } else {
                    readPage(Math.clamp(pageSize, 1, PAGE_MAX));
                }
            }
            return nextUsed(places);
        }

        private void readPage(int limit) {
            List<EntryRow> page = rows.lockLeastRecentlyUsed(namespace, lastUse, limit);
            stored.addAll(page);
            exhausted = page.size() < limit;
            lastUse = page.isEmpty() ? lastUse : page.getLast().lastUse();
            read.accept(page);
        }

        private @Nullable EntryRow nextUsed(Iterator<Map.Entry<Long, EntryName>> of) {
            while (of.hasNext()) {
                Map.Entry<Long, EntryName> place = of.next();
                EntryRow row = current.get(place.getValue());
                if (row == null || row.lastUse() != place.getKey()) {
                    of.remove();
                } else if (!row.name().equals(exempt)) {
                    return row;
                }
            }
            return null;
        }
    }
}
