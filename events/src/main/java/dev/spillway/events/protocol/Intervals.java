package dev.spillway.events.protocol;

import java.time.Duration;

/** The rhythm that the registry asks of a worker. */
public record Intervals(Duration heartbeat, Duration reconcile) {}
