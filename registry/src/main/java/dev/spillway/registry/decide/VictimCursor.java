package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.store.Rows;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The possible victims of one namespace in the order of eviction, as a {@link Transaction} sees them. Stored ones that this transaction has not
 * changed are read page by page. Those that it has used or returned to their old places are added. Not thread-safe.
 */
final class VictimCursor {
    private static final int PAGE_MAX = 2_048;

    private final Rows rows;
    private final NamespaceName namespace;
    private final NavigableMap<Place, EntryName> used = new TreeMap<>();
    private final List<EntryRow> stored = new ArrayList<>();
    /** Before it, no stored entry is at its place any more. */
    private int first;
    private Place lookedTo = Place.START;
    private boolean exhausted;

    VictimCursor(Rows rows, NamespaceName namespace) {
        this.rows = rows;
        this.namespace = namespace;
    }

    /** Gives an entry that this transaction changed its place. */
    void used(EntryRow row) {
        if (row.isInOrder()) {
            used.put(row.place(), row.name());
        }
    }

    /**
     * Returns a walk over the entries that are still at their place and not {@code exempt}. It ends when an entry is put, used or evicted.
     *
     * @param current the entries as the transaction sees them; null for one that is gone
     * @param read    is told each page that was read and locked
     */
    Walk walk(Map<EntryName, @Nullable EntryRow> current, Predicate<EntryRow> exempt, Consumer<List<EntryRow>> read) {
        return new Walk(current, exempt, read);
    }

    /** Returns one victim after the other, and changes nothing. */
    final class Walk {
        private final Map<EntryName, @Nullable EntryRow> current;
        private final Predicate<EntryRow> exempt;
        private final Consumer<List<EntryRow>> read;
        private final Iterator<Map.Entry<Place, EntryName>> places = used.entrySet().iterator();
        private int at = first;
        private @Nullable EntryRow nextStored;
        private @Nullable EntryRow nextUsed;

        private Walk(Map<EntryName, @Nullable EntryRow> current, Predicate<EntryRow> exempt, Consumer<List<EntryRow>> read) {
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
            if (nextStored == null) {
                nextStored = stored(Math.clamp(pageSize, 1, PAGE_MAX));
            }
            if (nextUsed == null) {
                nextUsed = used();
            }
            EntryRow fromStored = nextStored;
            EntryRow fromUsed = nextUsed;
            if (fromStored != null && (fromUsed == null || fromStored.place().compareTo(fromUsed.place()) < 0)) {
                nextStored = null;
                return fromStored;
            }
            nextUsed = null;
            return fromUsed;
        }

        private @Nullable EntryRow stored(int pageSize) {
            while (true) {
                while (at < stored.size()) {
                    EntryRow asStored = stored.get(at++);
                    EntryRow row = current.get(asStored.name());
                    // No pinned entry is read, but this transaction may have pinned one since.
                    boolean inPlace = row != null && row.place().equals(asStored.place()) && row.isInOrder()
                            && !used.containsKey(row.place());
                    if (!inPlace && first == at - 1) {
                        first = at;
                    }
                    if (row != null && inPlace && !exempt.test(row)) {
                        return row;
                    }
                }
                if (exhausted) {
                    return null;
                }
                readPage(pageSize);
            }
        }

        private void readPage(int limit) {
            List<EntryRow> page = rows.entries().lockVictims(namespace, lookedTo, limit);
            stored.addAll(page);
            exhausted = page.size() < limit;
            lookedTo = page.isEmpty() ? lookedTo : page.getLast().place();
            read.accept(page);
        }

        private @Nullable EntryRow used() {
            while (places.hasNext()) {
                Map.Entry<Place, EntryName> place = places.next();
                EntryRow row = current.get(place.getValue());
                if (row == null || !row.place().equals(place.getKey()) || !row.isInOrder()) {
                    places.remove();
                } else if (!exempt.test(row)) {
                    return row;
                }
            }
            return null;
        }
    }
}
