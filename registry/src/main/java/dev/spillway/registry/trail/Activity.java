package dev.spillway.registry.trail;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.HostState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An event that operators can follow. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
        @JsonSubTypes.Type(value = Activity.Evicted.class, name = "eviction"),
        @JsonSubTypes.Type(value = Activity.Confirmed.class, name = "confirmation"),
        @JsonSubTypes.Type(value = Activity.HostChanged.class, name = "host"),
        @JsonSubTypes.Type(value = Activity.Restored.class, name = "restored")})
public sealed interface Activity {
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
            int replicas) implements Activity {}

    /** A replica row was closed. */
    record Confirmed(
            Instant at,
            @Nullable EvictionId evictionId,
            HostId hostId,
            NamespaceName namespace,
            EntryKey key,
            long generation,
            ReplicaId replicaId,
            ClosedReplica.Result result) implements Activity {}

    /** The state of a host changed. */
    record HostChanged(Instant at, HostId hostId, HostState state, long incarnation) implements Activity {}

    /** An operator confirmed that the database was restored. Generations continue after {@code generation}. */
    record Restored(Instant at, long epoch, long generation, Actor actor) implements Activity {}
}
