package dev.spillway.events.protocol;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.util.List;

/** The registry's decision about one replica. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({
        @JsonSubTypes.Type(value = ReplicaOutcome.Registered.class, name = "REGISTERED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Refused.class, name = "REFUSED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Superseded.class, name = "SUPERSEDED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Gone.class, name = "GONE"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Ended.class, name = "ENDED")})
public sealed interface ReplicaOutcome {
    ReplicaId replicaId();

    /**
     * The replica has an open row of this generation.
     *
     * @param evicted entries that this registration evicted, oldest first; empty if the answer repeats an earlier one
     */
    record Registered(ReplicaId replicaId, SnapshotId snapshotId, long generation, List<EvictedEntry> evicted) implements ReplicaOutcome {}

    /** The registry refuses the replica; {@code detail} names the value and the bound. */
    record Refused(ReplicaId replicaId, Reason reason, String detail) implements ReplicaOutcome {}

    /** The replica is readopted with an open row, but the entry has another generation. The host must not serve it any more, and an order follows. */
    record Superseded(ReplicaId replicaId, long generation) implements ReplicaOutcome {}

    /** The generation to attach to is no longer its entry's. */
    record Gone(ReplicaId replicaId) implements ReplicaOutcome {}

    /** The id of the replica is used up, and there is no open row: it is not registered and never will be. */
    record Ended(ReplicaId replicaId) implements ReplicaOutcome {}

    /** Reasons for which a registration is refused. */
    enum Reason {
        UNKNOWN_NAMESPACE,
        TOO_LARGE,
        /** Its namespace is full, and the entries that would have to be evicted are protected by {@code minResidency} or are of its own group. */
        NO_ROOM,
        /** Its key has another content, and keys of its namespace are written once. */
        WRITTEN_ALREADY,
        /** Its group has as many entries as a group may have. */
        GROUP_FULL,
        /** Its host drains. */
        DRAINING
    }
}
