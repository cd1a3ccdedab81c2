package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * Tells what the registry did with the rows of dropped replicas.
 *
 * @param closed ids whose rows are closed now, and cancelled ids that have no row
 * @param kept   ids that the host keeps: the loss is so large that a person must decide, or there is no row, which the next comparison settles
 */
public record DropAnswer(List<ReplicaId> closed, List<ReplicaId> kept) {}
