package dev.spillway.api.body;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One event of the stream of {@link CoordinatorApi#FOLLOW_EVENTS}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
        @JsonSubTypes.Type(value = FleetEvent.Evicted.class, name = "eviction"),
        @JsonSubTypes.Type(value = FleetEvent.Confirmed.class, name = "confirmation"),
        @JsonSubTypes.Type(value = FleetEvent.HostChanged.class, name = "host"),
        @JsonSubTypes.Type(value = FleetEvent.Restored.class, name = "restored")})
public sealed interface FleetEvent {
    Instant at();

    /** An entry was evicted; {@code replicas} copies are ordered to be deleted. */
    record Evicted(
            Instant at,
            EvictionId evictionId,
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            EvictionCause cause,
            int replicas) implements FleetEvent {}

    /** The order for a copy was closed. */
    record Confirmed(
            Instant at,
            @Nullable EvictionId evictionId,
            HostId hostId,
            NamespaceName namespace,
            EntryKey key,
            long generation,
            ReplicaId replicaId,
            Orders.State result) implements FleetEvent {}

    /** The state of a host changed. */
    record HostChanged(Instant at, HostId hostId, Hosts.State state, long incarnation) implements FleetEvent {}

    /** An operator confirmed that the database was restored. New generations are greater than {@code generation}. */
    record Restored(Instant at, long epoch, long generation, String actor) implements FleetEvent {}
}
