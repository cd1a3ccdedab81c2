package dev.spillway.events.protocol;

import java.time.Duration;

/** The intervals of heartbeats and reconciliations that the registry asks of a worker. */
public record Intervals(Duration heartbeat, Duration reconcile) {}
