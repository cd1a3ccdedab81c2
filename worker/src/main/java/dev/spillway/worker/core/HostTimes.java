package dev.spillway.worker.core;

import java.time.Duration;

/**
 * The rhythm of a host on its own.
 *
 * @param retry        pause before an unanswered message is sent again
 * @param joinRetryMax the longest pause between two tries to join
 * @param removalRetry a failed rename or unlink is tried again after this
 */
public record HostTimes(Duration retry, Duration joinRetryMax, Duration removalRetry) {
    public static final HostTimes DEFAULTS = new HostTimes(Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(10));
}
