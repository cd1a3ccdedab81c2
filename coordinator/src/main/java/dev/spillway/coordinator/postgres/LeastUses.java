package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongFunction;

/**
 * Per namespace, a lower bound on the oldest entry's {@code last_use}, so that victim scans skip dead index tuples. Entries leave at the low end of
 * the index, and their tuples stay until vacuum. Every use takes a number above all earlier ones, so a bound stays valid whatever commits or rolls
 * back. Thread-safe.
 */
final class LeastUses {
    /**
     * The validity of a bound. It ends when a database is restored, or when an entry returns to an old place.
     *
     * @param epoch      the registry's
     * @param returned the namespace's
     */
    record Era(long epoch, long returned) {}

    private record Bound(Era era, long below) {}

    private final ConcurrentMap<NamespaceName, Bound> bounds = new ConcurrentHashMap<>();

    /** Returns the use number after which a search from the beginning would probably be carried out; empty if from the beginning. */
    OptionalLong expected(NamespaceName namespace) {
        Bound bound = bounds.get(namespace);
        return bound == null ? OptionalLong.empty() : OptionalLong.of(bound.below());
    }

    /**
     * Returns a page of entries used after {@code afterUse}. The caller holds the namespace.
     *
     * @param read  reads a page that begins behind the given use number
     */
    List<EntryRow> page(Era era, NamespaceName namespace, long afterUse, int limit, LongFunction<List<EntryRow>> read) {
        Bound bound = bounds.get(namespace);
        long known = bound == null || !bound.era().equals(era) ? 0 : bound.below();
        long from = Math.max(afterUse, known);
        List<EntryRow> found = read.apply(from);
        if (found.size() < limit && from > afterUse) {
            // Nearly empty: the bound saves nothing, and a full look costs nothing.
            bounds.remove(namespace);
            return read.apply(afterUse);
        }
        if (found.size() == limit && afterUse <= known && limit > 0) {
            bounds.put(namespace, new Bound(era, found.getFirst().lastUse() - 1));
        }
        return found;
    }
}
