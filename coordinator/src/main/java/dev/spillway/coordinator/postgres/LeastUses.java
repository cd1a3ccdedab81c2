package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongFunction;

/**
 * Below which use number each namespace has no entry any more. Entries go from the low end of the index and PostgreSQL leaves them there, dead,
 * until it cleans up: a search that starts at the very beginning would step over all of them each time. A use takes a number above all earlier
 * ones, so what was once the least stays a lower bound whatever commits or rolls back. Thread-safe.
 */
final class LeastUses {
    private record Domain(long epoch, NamespaceName namespace) {}

    private final ConcurrentMap<Domain, Long> below = new ConcurrentHashMap<>();

    /**
     * A page of entries used after {@code afterUse}. The caller holds the namespace.
     *
     * @param epoch the registry's: what was known before a database was restored does not count after it
     * @param read  reads a page that begins behind the given use number
     */
    List<EntryRow> page(long epoch, NamespaceName namespace, long afterUse, int limit, LongFunction<List<EntryRow>> read) {
        Domain domain = new Domain(epoch, namespace);
        long known = below.getOrDefault(domain, 0L);
        long from = Math.max(afterUse, known);
        List<EntryRow> found = read.apply(from);
        if (found.size() < limit && from > afterUse) {
            // Nearly empty: what is known saves nothing any more, and nothing is lost by looking at everything.
            below.remove(domain);
            return read.apply(afterUse);
        }
        if (found.size() == limit && afterUse <= known && limit > 0) {
            below.put(domain, found.getFirst().lastUse() - 1);
        }
        return found;
    }
}
