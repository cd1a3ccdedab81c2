package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/** Asks for the outcome of replicas whose registration got no answer. A replica that was not registered before this request never will be. */
public record ResolveRequest(Sender sender, List<ReplicaId> replicaIds) implements FencedMessage<ReplicaOutcomes> {}
