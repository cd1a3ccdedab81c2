package dev.spillway.registry.store;

import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.store.Rows.HostLock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/** Hosts as stored. Locks and reads as {@link Rows} says. */
public interface HostRows {
    /** Returns whether a host that is not retired has yet to report what it holds in this epoch; not locked. */
    boolean isAnyHostUnheard(long epoch);

    /** Locks and returns the existing rows among {@code ids}. */
    Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock);

    /** Locks active hosts that were last heard before {@code deadline}, for {@link HostLock#HEARTBEAT}. Skips those locked elsewhere. */
    List<HostRow> lockHostsUnheardSince(Instant deadline, int limit);

    /** Hosts that drain and whose copies are due to be looked at, locked for {@link HostLock#HEARTBEAT}; those locked elsewhere are passed over. */
    List<HostRow> lockHostsToRelieve(int limit);

    /** Returns the host, not retired and other than {@code than}, that this store joined as. */
    Optional<HostId> otherHostOf(StoreId store, HostId than);

    /**
     * Returns the partition of {@code spillway.orders} with the fewest hosts that stay: neither retired nor draining. A host keeps its partition
     * until another has at least two fewer.
     *
     * @param current current partition of the host that asks; below 0 if it has none
     */
    int leastLoadedPartition(int current);

    /** Returns the differences seen by earlier reconciliations of this host. The caller holds the host for {@link HostLock#HEARTBEAT}. */
    Map<ReplicaId, Sighting> sightings(HostId host);
}
