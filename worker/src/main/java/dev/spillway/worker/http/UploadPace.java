package dev.spillway.worker.http;

import java.time.Duration;

/**
 * How fast an upload must arrive, so that one that hardly moves does not keep its place for ever.
 *
 * @param bytesPerSecondMin on the average, while the worker waits for them; 0 for any rate
 * @param over              how long it is waited before the average counts
 */
public record UploadPace(long bytesPerSecondMin, Duration over) {}
