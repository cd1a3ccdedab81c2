package dev.spillway.worker.core.model;

import java.time.Duration;

/**
 * The intervals that a host sets itself.
 *
 * @param retry        pause before an unanswered message is sent again
 * @param joinRetryMax the longest pause between two tries to join
 * @param removalRetry pause before a failed rename or unlink is tried again; doubles with each failure, up to 10 minutes
 * @param requestsKept how long a request with an idempotency key is kept
 */
public record HostTimes(Duration retry, Duration joinRetryMax, Duration removalRetry, Duration requestsKept) {
    public static final HostTimes DEFAULTS =
            new HostTimes(Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofHours(24));

    public HostTimes withRequestsKept(Duration time) {
        return new HostTimes(retry, joinRetryMax, removalRetry, time);
    }
}
