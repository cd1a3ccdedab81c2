package dev.spillway.coordinator.postgres.table;

import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/**
 * Per namespace, a lower bound on the first entry's place, so that victim scans skip dead index tuples. Entries leave at the low end of the index,
 * and their tuples stay until vacuum. A new use gets at least the namespace's floor as its priority, and a greater number than all earlier uses. The
 * stored floor never falls, so a bound at or below it stays valid, whichever transactions commit or roll back. Thread-safe.
 */
public final class LeastPlaces {
    /**
     * The period in which a bound is valid. It ends when the database is restored, or when an entry returns to an old place.
     *
     * @param epoch        epoch of the registry
     * @param placeReturns as the {@link NamespaceRow} counts them
     */
    record Era(long epoch, long placeReturns) {}

    private record Bound(Era era, Place below) {}

    private final ConcurrentMap<NamespaceName, Bound> bounds = new ConcurrentHashMap<>();

    /** Returns the place from which {@link #page} would probably search if asked to begin at the start; empty if no bound is known. */
    Optional<Place> expected(NamespaceName namespace) {
        return Optional.ofNullable(bounds.get(namespace)).map(Bound::below);
    }

    /**
     * Returns a page of entries after {@code after}. The caller has locked the namespace.
     *
     * @param floor stored lower bound on the priority of a new use
     * @param read  reads a page that begins after the given place
     */
    List<EntryRow> page(Era era, NamespaceName namespace, double floor, Place after, int limit, Function<Place, List<EntryRow>> read) {
        Bound bound = bounds.get(namespace);
        Place known = bound == null || !bound.era().equals(era) ? Place.START : bound.below();
        Place from = after.compareTo(known) > 0 ? after : known;
        List<EntryRow> found = read.apply(from);
        if (found.size() < limit && from.compareTo(after) > 0) {
            // Few entries are left, so a search from the beginning is cheap and the bound is dropped.
            bounds.remove(namespace);
            return read.apply(after);
        }
        if (found.size() == limit && after.compareTo(known) <= 0 && limit > 0) {
            Place first = found.getFirst().place();
            // A later use may get a place between the floor and the first entry.
            bounds.put(
                    namespace,
                    new Bound(era, first.priority() > floor ? new Place(floor, 0) : new Place(first.priority(), first.use() - 1)));
        }
        return found;
    }
}
