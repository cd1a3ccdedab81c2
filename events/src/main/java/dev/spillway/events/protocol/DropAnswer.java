package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * What became of the rows of dropped replicas.
 *
 * @param closed ids without an open row now
 * @param kept   ids whose rows stay, because so large a loss waits for a person
 */
public record DropAnswer(List<ReplicaId> closed, List<ReplicaId> kept) {}
