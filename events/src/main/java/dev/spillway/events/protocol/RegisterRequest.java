package dev.spillway.events.protocol;

import java.util.List;

/** Registers replicas. Each becomes a new generation of its key, or a copy of the current generation if that names the same snapshot. */
public record RegisterRequest(Sender sender, List<Registration> items) implements FencedMessage<ReplicaOutcomes> {}
