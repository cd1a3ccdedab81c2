package dev.spillway.coordinator.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can change the registry. One command is one transaction: all of it is committed before its answer leaves, or none of it.
 *
 * @param <A> the answer
 */
public sealed interface Command<A> {
    /** Creates a namespace or changes its limits; absent values stay as they are. A lowered limit is enforced at once. */
    record SetPolicy(NamespaceName namespace, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Double maxEvictionShare)
            implements Command<Outcomes.PolicySetting> {}

    /** Puts an entry that belongs to no host. */
    record Put(EntryName name, SnapshotId snapshotId, long sizeBytes, Description description) implements Command<Outcomes.Putting> {}

    /** Reads an entry and makes it the most recently used. */
    record Get(EntryName name) implements Command<Outcomes.Getting> {}

    /** Evicts one entry; with {@code ifSnapshot} only while it names that snapshot. */
    record Invalidate(EntryName name, @Nullable SnapshotId ifSnapshot) implements Command<Outcomes.Invalidation> {}

    /** Evicts up to {@code limit} entries of a namespace, least recently used first. */
    record Clean(NamespaceName namespace, int limit) implements Command<Outcomes.Cleaning> {}

    /** A worker's message. */
    record FromWorker<A>(WorkerMessage<A> message) implements Command<Reply<A>> {}

    /** Reports that came over Kafka. Idempotent. */
    record TakeReports(List<Report> reports) implements Command<Outcomes.Done> {}

    /** Hands out open orders that are due, of hosts that are heard, and sets when they are due again. */
    record ClaimOrders(int limit) implements Command<List<AddressedOrder>> {}

    /** Makes orders due at once that were claimed but could not be sent. */
    record ReturnOrders(List<ReplicaId> replicaIds) implements Command<Outcomes.Done> {}

    /** Hands out facts that are not known to be published, and sets when they are handed out again. */
    record ClaimFacts(int limit) implements Command<List<EvictionFact>> {}

    /** Kafka has these facts. */
    record FactsPublished(List<EvictionId> evictionIds) implements Command<Outcomes.Done> {}

    /** Notices hosts that went AWAY and dooms replicas that the evicting transaction left for later, {@code limit} of them. */
    record Sweep(int limit) implements Command<Outcomes.Swept> {}

    /** Gives a host up: its rows close as ABANDONED, and what nobody else holds is evicted as LOST. */
    record Retire(HostId hostId) implements Command<Outcomes.HostChange> {}

    /** Lets a retired host, or a new store under a host's id, join. */
    record Readmit(HostId hostId) implements Command<Outcomes.HostChange> {}
}
