package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The bound on open orders: a fleet that does not delete must not be told to evict for ever. Puts wait for it; deleting and reporting do not.
 *
 * @param openOrders how many there are, as of a recent look
 * @param most       at so many, puts are refused
 */
public record Backlog(LongSupplier openOrders, long most) {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    void requireRoom() {
        long open = openOrders.getAsLong();
        if (open >= most) {
            throw Problem
                    .of(ProblemType.BACKLOG,
                            "open orders: %d (expected: under %d; see GET /v1/hosts for the hosts that do not confirm)".formatted(open,
                                    most))
                    .retryAfter(RETRY_AFTER)
                    .exception();
        }
    }
}
