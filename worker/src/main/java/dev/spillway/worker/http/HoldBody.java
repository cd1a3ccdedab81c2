package dev.spillway.worker.http;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A new end of a hold: one of both.
 *
 * @param duration from now on, as {@code PT10M} or {@code 10m}
 */
public record HoldBody(@Nullable Instant until, @Nullable String duration) {}
