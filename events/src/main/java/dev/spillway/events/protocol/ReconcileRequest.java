package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import org.jspecify.annotations.Nullable;

/** Asks for the registry's open rows of this host with replica ids greater than {@code after}, in the order of ids. */
public record ReconcileRequest(Sender sender, @Nullable ReplicaId after) implements FencedMessage<ReconcileAnswer> {}
