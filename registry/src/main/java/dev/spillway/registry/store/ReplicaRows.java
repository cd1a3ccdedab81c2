package dev.spillway.registry.store;

import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows.Holders;
import dev.spillway.registry.store.Rows.Recording;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** Replicas as stored: recorded ids and open rows. Locks and reads as {@link Rows} says. */
public interface ReplicaRows {
    /**
     * Records replica ids for ever, waiting for any other transaction that records one of them.
     *
     * @return the ids that were not recorded before
     */
    Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids);

    /** Returns open rows among {@code ids}, not locked. Their names, hosts and generations never change. */
    Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids);

    /** Locks open rows among {@code ids}, and returns them as they are after the locks were granted. */
    Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids);

    /** Locks, per holding, up to about {@code limitEach} LIVE rows. The caller holds the entries exclusively. */
    Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach);

    /** Counts the LIVE rows of a generation. */
    long countLiveReplicas(Holding holding);

    /** Counts the open rows of a host. */
    long countReplicas(HostId host);

    /** Ids of a host's open rows behind {@code after} (or from the start), in order; not locked. */
    List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit);

    /**
     * Returns those generations that a reliable host other than {@code than} has a LIVE row of. Such a host is heard, does not drain, was compared if
     * it had to be, and waits for nobody. The row must be newer than the last restore, because nobody knows whether the host still has an older one.
     * Not locked: as long as the caller holds the entries exclusively, only the hosts can change.
     */
    Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than);
}
