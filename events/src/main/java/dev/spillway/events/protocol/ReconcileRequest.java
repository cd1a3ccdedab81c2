package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import org.jspecify.annotations.Nullable;

/** Asks for the registry's open rows of this host, in the order of replica ids, from behind {@code after}. */
public record ReconcileRequest(Sender sender, @Nullable ReplicaId after) implements FencedMessage<ReconcileAnswer> {}
