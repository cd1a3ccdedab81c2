package dev.spillway.events.protocol;

import java.util.List;

/** Registers replicas: each takes its key with a new generation, or joins the generation that names the same snapshot. */
public record RegisterRequest(Sender sender, List<Registration> items) implements FencedMessage<ReplicaOutcomes> {}
