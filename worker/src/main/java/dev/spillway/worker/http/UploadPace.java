package dev.spillway.worker.http;

import java.time.Duration;

/**
 * The lowest rate of an upload. A slower one is ended, so that a stalled upload does not keep its place for ever.
 *
 * @param bytesPerSecondMin lowest average rate, over the time that the worker waits for bytes; 0 for any rate
 * @param over              waiting time over which the average is taken
 */
public record UploadPace(long bytesPerSecondMin, Duration over) {}
