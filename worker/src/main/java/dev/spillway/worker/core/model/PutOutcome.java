package dev.spillway.worker.core.model;

import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import java.util.List;

/** The outcome of an offered replica. */
public sealed interface PutOutcome {
    /** The replica is registered, as the host's copy of this generation. */
    record Stored(SnapshotId snapshotId, long generation, List<EvictedEntry> evicted) implements PutOutcome {}

    /** The replica was registered, and its entry was evicted before the answer came. */
    record Evicted() implements PutOutcome {}

    /** The registry refused the replica. */
    record Refused(ReplicaOutcome.Reason reason, String detail) implements PutOutcome {}

    /** The generation to attach to is no longer its entry's. */
    record Gone() implements PutOutcome {}

    /** The replica was surely not registered; another put may succeed. */
    record NotRegistered(String why) implements PutOutcome {}

    /** The outcome is not known yet; the replica stays pending until the registry answers. */
    record Unknown() implements PutOutcome {}
}
