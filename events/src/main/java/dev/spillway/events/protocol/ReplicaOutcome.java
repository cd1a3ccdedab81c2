package dev.spillway.events.protocol;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.util.List;

/** What the registry made of one replica. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({@JsonSubTypes.Type(value = ReplicaOutcome.Registered.class, name = "REGISTERED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Refused.class, name = "REFUSED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Superseded.class, name = "SUPERSEDED"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Gone.class, name = "GONE"),
        @JsonSubTypes.Type(value = ReplicaOutcome.Ended.class, name = "ENDED")})
public sealed interface ReplicaOutcome {
    ReplicaId replicaId();

    /**
     * It has an open row of this generation.
     *
     * @param evicted what this registration evicted, oldest first; empty when the answer repeats an earlier one
     */
    record Registered(ReplicaId replicaId, SnapshotId snapshotId, long generation, List<EvictedEntry> evicted) implements ReplicaOutcome {}

    /** It may not be stored; {@code detail} names the value and the bound. */
    record Refused(ReplicaId replicaId, Reason reason, String detail) implements ReplicaOutcome {}

    /** Readopted, with an open row of this generation, but not as its entry's: it is not to be served any more, and its order follows. */
    record Superseded(ReplicaId replicaId, long generation) implements ReplicaOutcome {}

    /** The generation to attach to is no longer its entry's. */
    record Gone(ReplicaId replicaId) implements ReplicaOutcome {}

    /** Its id was used up without an open row: it never becomes one. */
    record Ended(ReplicaId replicaId) implements ReplicaOutcome {}

    /** Why a registration is refused. */
    enum Reason {
        UNKNOWN_NAMESPACE, TOO_LARGE,
        /** Its namespace is full of entries that are promised to stay. */
        NO_ROOM,
        /** Its key has another content, and keys of its namespace are written once. */
        WRITTEN_ALREADY,
        /** Its group has as many entries as a group may have. */
        GROUP_FULL,
        /** Its host is to hold less and less, whatever the replica. */
        DRAINING
    }
}
