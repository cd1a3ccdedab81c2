package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * What became of the rows of dropped replicas.
 *
 * @param closed ids whose rows are closed now, and cancelled ones without a row
 * @param kept   ids that stay: so large a loss waits for a person, or there is no row, which the next comparison settles
 */
public record DropAnswer(List<ReplicaId> closed, List<ReplicaId> kept) {}
