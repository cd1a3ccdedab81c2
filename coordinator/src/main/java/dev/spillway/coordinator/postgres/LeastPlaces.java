package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.coordinator.core.Place;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/**
 * Per namespace, a lower bound on the first entry's place, so that victim scans skip dead index tuples. Entries leave at the low end of the index, and
 * their tuples stay until vacuum. A use gets the namespace's age as its priority, or more, and a number behind those of all earlier uses. The age that is
 * stored never falls, so a bound that is at most as high stays valid whatever commits or rolls back. Thread-safe.
 */
final class LeastPlaces {
    /**
     * The validity of a bound. It ends when a database is restored, or when an entry returns to an old place.
     *
     * @param epoch    the registry's
     * @param returned the namespace's
     */
    record Era(long epoch, long returned) {}

    private record Bound(Era era, Place below) {}

    private final ConcurrentMap<NamespaceName, Bound> bounds = new ConcurrentHashMap<>();

    /** Returns the place after which a search from the beginning would probably be carried out; empty if from the beginning. */
    Optional<Place> expected(NamespaceName namespace) {
        return Optional.ofNullable(bounds.get(namespace)).map(Bound::below);
    }

    /**
     * Returns a page of entries behind {@code after}. The caller holds the namespace.
     *
     * @param age  the namespace's, as it is stored
     * @param read reads a page that begins behind the given place
     */
    List<EntryRow> page(Era era, NamespaceName namespace, double age, Place after, int limit, Function<Place, List<EntryRow>> read) {
        Bound bound = bounds.get(namespace);
        Place known = bound == null || !bound.era().equals(era) ? Place.START : bound.below();
        Place from = after.compareTo(known) > 0 ? after : known;
        List<EntryRow> found = read.apply(from);
        if (found.size() < limit && from.compareTo(after) > 0) {
            // Nearly empty: the bound saves nothing, and a full look costs nothing.
            bounds.remove(namespace);
            return read.apply(after);
        }
        if (found.size() == limit && after.compareTo(known) <= 0 && limit > 0) {
            Place first = found.getFirst().place();
            // A further use may get a place between the age and the first.
            bounds.put(namespace,
                    new Bound(era, first.priority() > age ? new Place(age, 0) : new Place(first.priority(), first.use() - 1)));
        }
        return found;
    }
}
