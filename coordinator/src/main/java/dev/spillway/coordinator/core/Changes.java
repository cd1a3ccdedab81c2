package dev.spillway.coordinator.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * The changes of a transaction: the final state of each touched row, each row once, kinds sorted.
 *
 * @param hosts            new or changed rows
 * @param namespaces       new or changed rows
 * @param policiesChanged  whether any policy differs, so that the policies' version rises
 * @param entries          new or changed rows
 * @param entriesGone      rows to delete; disjoint from {@code entries}
 * @param replicas         new or changed open rows
 * @param closed           open rows to move into the history; disjoint from {@code replicas}
 * @param evictions        new evictions, their facts unpublished
 * @param unfinished       evictions, new or old, that have holders left to doom
 * @param finished         old evictions that have none left
 * @param evictionCounts   increases of the namespaces' figures by cause
 * @param factsHandedOut   old evictions and when their facts are due again
 * @param factsPublished   evictions whose facts Kafka has
 * @param ordersDue        hosts whose every open order becomes due at once
 * @param sightings        all that is remembered about each named host's discrepancies; replaces what was
 * @param inUse            the replicas in use on each named host; replaces what was
 * @param joins            workers that asked to join, each with its refusal, or empty if it was taken
 * @param activity         in the order in which it happened; {@code audit} likewise
 * @param accesses         uses and counts of reads, in the order in which they happened
 * @param plans            new plans and their outcomes
 * @param registry         new row of the registry, if it differs; in a later epoch, readers of events begin anew
 */
public record Changes(SortedMap<HostId, HostRow> hosts, SortedMap<NamespaceName, NamespaceRow> namespaces, boolean policiesChanged,
        SortedMap<EntryName, EntryRow> entries, SortedSet<EntryName> entriesGone, SortedMap<ReplicaId, ReplicaRow> replicas,
        SortedMap<ReplicaId, ClosedReplica> closed, List<Eviction> evictions, SortedSet<EvictionId> unfinished,
        SortedSet<EvictionId> finished,
        Map<CauseOfNamespace, Long> evictionCounts, SortedMap<EvictionId, Instant> factsHandedOut, SortedSet<EvictionId> factsPublished,
        SortedSet<HostId> ordersDue, Map<HostId, List<Sighting>> sightings, Map<HostId, List<InUse>> inUse,
        SortedMap<JoinRefusal.Asking, Optional<JoinRefusal>> joins, List<Activity> activity, List<AuditRecord> audit, List<Access> accesses,
        PlanChanges plans,
        Rows.@Nullable Registry registry) {

    /** Key of a figure: evictions of a namespace by one cause. */
    public record CauseOfNamespace(NamespaceName namespace, EvictionCause cause) {}

    /**
     * Kinds of work that a commit creates for others.
     *
     * @param unfinished whether something was left for the sweep, or a host begins to drain
     */
    public record Wake(boolean orders, boolean facts, boolean activity, boolean unfinished) {}

    /** Returns the kinds of work that this commit creates. */
    public Wake wake(Instant now) {
        return new Wake(replicas.values().stream().anyMatch(row -> isDue(row.doom(), now)) || !ordersDue.isEmpty(), !evictions.isEmpty(),
                !activity.isEmpty(), !unfinished.isEmpty()
                        || hosts.values().stream().anyMatch(host -> host.drain() != null && host.drain().since().equals(now)));
    }

    private static boolean isDue(@Nullable Doom doom, Instant now) {
        return doom != null && !doom.nextAttemptAt().isAfter(now);
    }
}
