package dev.spillway.worker.core;

import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import java.util.List;

/** The outcome of an offered replica. */
public sealed interface PutOutcome {
    /** It is the host's copy of this generation now. */
    record Stored(SnapshotId snapshotId, long generation, List<EvictedEntry> evicted) implements PutOutcome {}

    /** It was registered, and its entry was evicted before the answer came. */
    record Evicted() implements PutOutcome {}

    /** It may not be stored. */
    record Refused(ReplicaOutcome.Reason reason, String detail) implements PutOutcome {}

    /** The generation to attach to is no longer its entry's. */
    record Gone() implements PutOutcome {}

    /** It was surely not registered; a new put may be. */
    record NotRegistered(String why) implements PutOutcome {}

    /** Nobody knows yet; it stays pending until the registry answers. */
    record Unknown() implements PutOutcome {}
}
