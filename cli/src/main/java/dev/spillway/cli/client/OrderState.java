package dev.spillway.cli.client;

import dev.spillway.api.Orders;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Describes the state of an order in words. */
final class OrderState {
    private OrderState() {}

    static String of(Orders.State state, @Nullable Instant deferredUntil) {
        return deferredUntil == null ? state.name() : state + " until " + Text.time(deferredUntil);
    }

    /** Prints below a table of orders what ends the wait of WAITING ones. */
    static void explain(Stream<@Nullable String> waitsFor, PrintStream out) {
        waitsFor.filter(Objects::nonNull).distinct().forEach(what -> out.printf("%nWAITING for %s%n", Text.printable(what)));
    }
}
