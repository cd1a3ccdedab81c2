package dev.spillway.registry.store;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.trail.Access;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All changes of one transaction, to be written together. Maps and sets are sorted where rows are locked, so that transactions wait in one order.
 *
 * @param log   what happened, for whoever follows, audits or counts
 */
public record Changes(
        RegistryChanges registry,
        HostChanges hosts,
        NamespaceChanges namespaces,
        EntryChanges entries,
        ReplicaChanges replicas,
        EvictionChanges evictions,
        PlanChanges plans,
        Log log) {

    /**
     * Changes of the registry itself.
     *
     * @param row             new row, if it differs; in a later epoch, readers of events begin anew
     * @param policiesChanged whether any policy differs, so that the policies' version rises
     */
    public record RegistryChanges(@Nullable RegistryRow row, boolean policiesChanged) {}

    /**
     * Changes of hosts.
     *
     * @param rows      new or changed rows
     * @param ordersDue hosts whose every open order becomes due at once
     * @param sightings all that is remembered about each named host's discrepancies; replaces what was
     * @param inUse     the replicas in use on each named host; replaces what was
     * @param joins     workers that asked to join, each with its refusal, or empty if it was taken
     */
    public record HostChanges(
            SortedMap<HostId, HostRow> rows,
            SortedSet<HostId> ordersDue,
            Map<HostId, List<Sighting>> sightings,
            Map<HostId, List<InUse>> inUse,
            SortedMap<JoinRefusal.Asking, Optional<JoinRefusal>> joins) {
        public static HostChanges none() {
            return new HostChanges(new TreeMap<>(), new TreeSet<>(), new HashMap<>(), new HashMap<>(), new TreeMap<>());
        }
    }

    /**
     * Changes of namespaces.
     *
     * @param rows           new or changed rows
     * @param evictionCounts increases of the namespaces' figures by cause
     */
    public record NamespaceChanges(SortedMap<NamespaceName, NamespaceRow> rows, Map<CauseOfNamespace, Long> evictionCounts) {
        public static NamespaceChanges none() {
            return new NamespaceChanges(new TreeMap<>(), new HashMap<>());
        }
    }

    /**
     * Changes of entries.
     *
     * @param rows new or changed rows
     * @param gone rows to delete; disjoint from {@code rows}
     */
    public record EntryChanges(SortedMap<EntryName, EntryRow> rows, SortedSet<EntryName> gone) {
        public static EntryChanges none() {
            return new EntryChanges(new TreeMap<>(), new TreeSet<>());
        }
    }

    /**
     * Changes of replicas.
     *
     * @param rows   new or changed open rows
     * @param closed open rows to move into the history; disjoint from {@code rows}
     */
    public record ReplicaChanges(SortedMap<ReplicaId, ReplicaRow> rows, SortedMap<ReplicaId, ClosedReplica> closed) {
        public static ReplicaChanges none() {
            return new ReplicaChanges(new TreeMap<>(), new TreeMap<>());
        }
    }

    /**
     * Changes of evictions.
     *
     * @param added          new ones, their facts unpublished
     * @param unfinished     new or old ones that have holders left to doom
     * @param finished       old ones that have none left
     * @param factsHandedOut old ones and when their facts are due again
     * @param factsPublished those whose facts Kafka has
     */
    public record EvictionChanges(
            List<Eviction> added,
            SortedSet<EvictionId> unfinished,
            SortedSet<EvictionId> finished,
            SortedMap<EvictionId, Instant> factsHandedOut,
            SortedSet<EvictionId> factsPublished) {
        public static EvictionChanges none() {
            return new EvictionChanges(new ArrayList<>(), new TreeSet<>(), new TreeSet<>(), new TreeMap<>(), new TreeSet<>());
        }
    }

    /**
     * Records of what happened, each in the order in which it happened.
     *
     * @param activity events for whoever follows the fleet
     * @param audit    changes by a person
     * @param accesses uses and counts of reads
     */
    public record Log(List<Activity> activity, List<AuditRecord> audit, List<Access> accesses) {
        public static Log none() {
            return new Log(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }
    }

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
        return new Wake(
                replicas.rows().values().stream().anyMatch(row -> isDue(row.doom(), now)) || !hosts.ordersDue().isEmpty(),
                !evictions.added().isEmpty(),
                !log.activity().isEmpty(),
                !evictions.unfinished().isEmpty()
                        || hosts.rows().values().stream().anyMatch(host -> host.drain() != null && host.drain().since().equals(now)));
    }

    private static boolean isDue(@Nullable OpenOrder doom, Instant now) {
        return doom != null && !doom.nextAttemptAt().isAfter(now);
    }
}
