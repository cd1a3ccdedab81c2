package dev.spillway.cli.output;

import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Orders;
import java.io.PrintStream;
import java.util.List;

/**
 * Describes the open orders of a host in words.
 *
 * @param listed the oldest of its open orders
 */
public record OrderSummary(Hosts.Host host, List<Orders.OpenOrder> listed) {
    public void print(PrintStream out) {
        Table table = new Table(
                "ORDERED",
                "NAMESPACE",
                "KEY",
                ">GENERATION",
                "CAUSE",
                ">BYTES",
                "STATE",
                ">ATTEMPTS",
                "NEXT ATTEMPT",
                "LAST ERROR",
                "REPLICA");
        for (Orders.OpenOrder order : listed) {
            table.row(
                    HumanText.ago(order.orderedAt()),
                    order.namespace(),
                    order.key(),
                    order.generation(),
                    order.cause(),
                    HumanText.bytes(order.sizeBytes()),
                    OrderState.of(order.state(), order.deferredUntil()),
                    order.attempts(),
                    nextAttempt(order),
                    order.lastError() == null ? HumanText.NONE : order.lastError(),
                    order.replicaId());
        }
        table.print(out);
        OrderState.explain(listed.stream().map(Orders.OpenOrder::waitsFor), out);
        if (isAway() && !listed.isEmpty()) {
            out.printf("%n%s is AWAY, heard %s: it gets its orders when it is heard again%n", host.id(), HumanText.ago(host.lastHeardAt()));
        }
        if (host.openOrders() > listed.size() && !listed.isEmpty()) {
            out.printf(
                    "%nthe oldest %d of %s; --limit shows more%n",
                    listed.size(),
                    HumanText.count(host.openOrders(), "open order", "open orders"));
        }
    }

    private boolean isAway() {
        return host.state() == Hosts.State.AWAY;
    }

    private String nextAttempt(Orders.OpenOrder order) {
        if (order.nextAttemptAt() == null) {
            return HumanText.NONE;
        }
        return isAway() ? "when heard" : HumanText.time(order.nextAttemptAt());
    }
}
