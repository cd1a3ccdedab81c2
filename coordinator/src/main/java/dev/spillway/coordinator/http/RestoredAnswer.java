package dev.spillway.coordinator.http;

import java.time.Instant;

/** A new epoch has begun; generations go on behind {@code generation}. */
public record RestoredAnswer(long epoch, long generation, Instant restoredAt) {}
