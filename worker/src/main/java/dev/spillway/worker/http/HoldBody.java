package dev.spillway.worker.http;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A new end of a hold: one of both.
 *
 * @param duration from now on
 */
public record HoldBody(@Nullable Instant until, @Nullable Duration duration) {}
