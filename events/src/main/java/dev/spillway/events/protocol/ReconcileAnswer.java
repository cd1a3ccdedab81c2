package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/** One page of open rows, LIVE or DOOMED. */
public record ReconcileAnswer(List<ReplicaId> rows, boolean last) {}
