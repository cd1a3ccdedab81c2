package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.util.UUID;

/** A promise to keep an image whole on the disk until it is released or {@code until} has passed. */
public record Hold(UUID id, ReplicaId replicaId, Instant until) {}
