package dev.spillway.coordinator.postgres;

import dev.spillway.events.HostId;
import dev.spillway.registry.RegistryQueries.LastCopies;
import dev.spillway.registry.model.HostDrain;
import dev.spillway.registry.model.HostRow;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Caches the counts of last copies of draining hosts. A count looks up the other replicas of each LIVE row, which takes about 10 microseconds per
 * row. So it is repeated only after a time in proportion to the number of rows, and takes at most a tenth of the time of one connection, however
 * often callers ask. Thread-safe; callers that find a count too old at the same time count at the same time.
 */
final class KnownLastCopies {
    /** Upper bound on the LIVE rows of a host that is counted each time. */
    private static final long FEW = 1_000;

    private record Known(Instant drainingSince, LastCopies copies) {}

    private final Map<HostId, Known> known = new ConcurrentHashMap<>();
    private final Duration restPerCopy;

    /** @param restPerCopy time for which a count is valid, per LIVE row */
    KnownLastCopies(Duration restPerCopy) {
        this.restPerCopy = restPerCopy;
    }

    /**
     * Returns the count of this host; null if it does not drain.
     *
     * @param now time of the database
     */
    @Nullable
    LastCopies of(HostRow host, Instant now, Supplier<LastCopies> count) {
        HostDrain drain = host.drain();
        if (drain == null || !host.isDraining()) {
            known.remove(host.id());
            return null;
        }
        Known before = known.get(host.id());
        if (before != null && before.drainingSince().equals(drain.since()) && isGood(before.copies(), now)) {
            return before.copies();
        }
        LastCopies counted = count.get();
        known.put(host.id(), new Known(drain.since(), counted));
        return counted;
    }

    private boolean isGood(LastCopies copies, Instant now) {
        return copies.live() > FEW && now.isBefore(copies.countedAt().plus(restPerCopy.multipliedBy(copies.live())));
    }
}
