package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The upper bound on open orders. At this bound puts are refused, so that a fleet that does not delete is not told to evict ever more. Deletes and
 * reports are still accepted.
 *
 * @param openOrders returns the number of open orders at the last count
 * @param most       number of open orders at which puts are refused
 */
public record Backlog(LongSupplier openOrders, long most) {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    void requireRoom() {
        long open = openOrders.getAsLong();
        if (open >= most) {
            throw Problem
                    .of(
                            ProblemType.BACKLOG,
                            "open orders: %d (expected: under %d; see GET /v1/hosts for the hosts that do not confirm)".formatted(
                                    open,
                                    most))
                    .retryAfter(RETRY_AFTER)
                    .exception();
        }
    }
}
