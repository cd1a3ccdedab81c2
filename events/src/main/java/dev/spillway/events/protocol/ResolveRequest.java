package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/** Asks what became of replicas whose registration got no answer. What was never registered never will be afterwards. */
public record ResolveRequest(Sender sender, List<ReplicaId> replicaIds) implements FencedMessage<ReplicaOutcomes> {}
