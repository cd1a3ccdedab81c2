package dev.spillway.cli.output;

import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Orders;
import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The open orders of a host as a terminal shows them. */
class OrderSummaryTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private static Hosts.Host host(Hosts.State state, long openOrders) {
        return new Hosts.Host(
                new HostId("host-1"),
                new StoreId(new UUID(1, 1)),
                "127.0.0.1:7080",
                state,
                1,
                0,
                NOON,
                openOrders,
                1,
                openOrders,
                NOON,
                HostFigures.NONE,
                null,
                null,
                null);
    }

    private static Orders.OpenOrder order(
            int number,
            OrderCause cause,
            Orders.State state,
            @Nullable Instant next,
            @Nullable String error,
            @Nullable Instant deferredUntil,
            @Nullable String waitsFor) {
        return new Orders.OpenOrder(
                new ReplicaId(new UUID(7, number)),
                new NamespaceName("vm"),
                new EntryKey("key-" + number),
                new SnapshotId("s"),
                number,
                4096,
                cause,
                null,
                state,
                number,
                NOON,
                next,
                error,
                deferredUntil,
                waitsFor);
    }

    private static List<String> printed(Hosts.Host host, Orders.OpenOrder... orders) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new OrderSummary(host, List.of(orders)).print(new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void eachOrderSaysWhyItIsOpenStill() {
        List<String> lines =
                printed(
                        host(Hosts.State.ACTIVE, 3),
                        order(1, OrderCause.RELIEF, Orders.State.OPEN, NOON.plusSeconds(9), "FAILED: no disk", null, null),
                        order(2, OrderCause.ORPHAN, Orders.State.DEFERRED, NOON.plusSeconds(8), null, NOON.plusSeconds(8), null),
                        order(3, OrderCause.REPLACED, Orders.State.WAITING, null, null, null, "every host to tell"));
        assertThat(lines.get(0))
                .matches("ORDERED +NAMESPACE +KEY +GENERATION +CAUSE +BYTES +STATE +ATTEMPTS +NEXT ATTEMPT +LAST ERROR +REPLICA");
        assertThat(lines.get(1))
                .matches(".* ago +vm +key-1 +1 +RELIEF +4.0 KiB +OPEN +1 +2026-11-21T12:00:09Z +FAILED: no disk +00.*-000000000001");
        assertThat(lines.get(2)).matches(
                ".* ago +vm +key-2 +2 +ORPHAN +4.0 KiB +DEFERRED until 2026-11-21T12:00:08Z +2 +2026-11-21T12:00:08Z +- +00.*-000000000002");
        assertThat(lines.get(3)).matches(".* ago +vm +key-3 +3 +REPLACED +4.0 KiB +WAITING +3 +- +- +00.*-000000000003");
        assertThat(lines.subList(4, lines.size())).containsExactly("", "WAITING for every host to tell");
    }

    @Test
    void theOrdersOfAHostThatIsAwayWaitForIt() {
        List<String> lines = printed(host(Hosts.State.AWAY, 5), order(1, OrderCause.CLEANED, Orders.State.OPEN, NOON, null, null, null));
        assertThat(lines.get(1)).matches(".* OPEN +1 +when heard +- .*");
        assertThat(lines.get(3)).startsWith("host-1 is AWAY, heard ").endsWith(": it gets its orders when it is heard again");
        assertThat(lines.getLast()).isEqualTo("the oldest 1 of 5 open orders; --limit shows more");
        assertThat(printed(host(Hosts.State.AWAY, 0))).hasSize(1);
    }

    @Test
    void aTimeThatWasGivenIsSaidInWords() {
        assertThat(HumanText.length(Duration.ofSeconds(4))).isEqualTo("4 s");
        assertThat(HumanText.length(Duration.parse("P1DT2H3M4.005S"))).isEqualTo("1 d 2 h 3 min 4 s 5 ms");
        assertThat(HumanText.length(Duration.ZERO)).isEqualTo("0 s");
    }
}
