package dev.spillway.cli.output;

import dev.spillway.api.body.Orders;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Describes the state of an order in words. */
public final class OrderState {
    private OrderState() {}

    public static String of(Orders.State state, @Nullable Instant deferredUntil) {
        return deferredUntil == null ? state.name() : state + " until " + HumanText.time(deferredUntil);
    }

    /** Prints below a table of orders what ends the wait of WAITING ones. */
    public static void explain(Stream<@Nullable String> waitsFor, PrintStream out) {
        waitsFor.filter(Objects::nonNull).distinct().forEach(what -> out.printf("%nWAITING for %s%n", HumanText.printable(what)));
    }
}
