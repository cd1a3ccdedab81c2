package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Orders;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.OrderState;
import dev.spillway.cli.output.Table;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Lists evictions with the state of their orders on each host. */
final class EvictionsCommand implements ClientCommand {
    private final Console console;
    @SuppressWarnings("NullAway.Init") // by declare
    private CommandSpec spec;
    private final Listing listing = Listing.ofHundred();
    private @Nullable EvictionId id;
    private Evictions.@Nullable State state;
    private @Nullable HostId host;
    private @Nullable NamespaceName namespace;
    private @Nullable EvictionCause cause;
    private @Nullable PlanId plan;

    EvictionsCommand(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("evictions", "List evictions, newest first, or show one with the order of each host.");
        spec = to.spec();
        listing.declare(to);
        to.optional("0", "ID", EvictionId.class, value -> id = value, "Only this eviction.");
        to.option("--state", "STATE", Evictions.State.class, value -> state = value, "open or closed (default: both).");
        to.option("--host", "HOST", HostId.class, value -> host = value, "Only those with an order for this host.");
        to.option("--namespace", "NS", NamespaceName.class, value -> namespace = value, "Only of this namespace.");
        to.option("--cause", "CAUSE", EvictionCause.class, value -> cause = value, "Only of this cause, such as PRUNED.");
        to.option("--plan", "ID", PlanId.class, value -> plan = value, "Only those that this plan named.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        if (id == null) {
            return list();
        }
        if (state != null || host != null || namespace != null || cause != null || plan != null) {
            throw new ParameterException(spec.commandLine(), "ID: given with a filter (expected: either ID or filters)");
        }
        show(listing.coordinator().server().get(CoordinatorApi.GET_EVICTION.at(id)));
        return CommandOutcome.done();
    }

    private CommandOutcome list() throws InterruptedException {
        RequestTarget list = CoordinatorApi.LIST_EVICTIONS.at()
                .with("state", state)
                .with("host", host)
                .with("namespace", namespace)
                .with("cause", cause)
                .with("plan", plan);
        return listing.print(list, console, this::print);
    }

    private void print(Pages pages) {
        Table table = new Table("EVICTED", "NAMESPACE", "KEY", ">GENERATION", "CAUSE", ">BYTES", "STATE", "HOSTS", "ID");
        for (Evictions.Eviction eviction : pages.as(Evictions.Eviction.class)) {
            table.row(
                    HumanText.ago(eviction.evictedAt()),
                    eviction.namespace(),
                    eviction.key(),
                    eviction.generation(),
                    eviction.cause(),
                    HumanText.bytes(eviction.sizeBytes()),
                    eviction.state(),
                    hosts(eviction.orders()),
                    eviction.id());
        }
        table.print(console);
    }

    private static String hosts(List<Orders.ReplicaOrder> orders) {
        return orders.isEmpty() ? HumanText.NONE
                : orders.stream().map(order -> order.hostId() + " " + order.state()).sorted().collect(Collectors.joining(", "));
    }

    private void show(Server.Answer answer) {
        if (listing.output().json()) {
            console.out().println(answer.text());
            return;
        }
        Evictions.Eviction eviction = answer.as(Evictions.Eviction.class);
        console.out()
                .printf(
                        "%s/%s, generation %d, snapshot %s, %s%n",
                        eviction.namespace(),
                        HumanText.printable(eviction.key().value()),
                        eviction.generation(),
                        HumanText.printable(eviction.snapshotId().value()),
                        HumanText.bytes(eviction.sizeBytes()));
        console.out()
                .printf(
                        "evicted %s because of %s, asked for by %s%s, %s%n",
                        HumanText.time(eviction.evictedAt()),
                        eviction.cause(),
                        HumanText.printable(eviction.actor()),
                        eviction.planId() == null ? "" : " with plan " + eviction.planId(),
                        eviction.state());
        Table table = new Table("HOST", "STATE", ">ATTEMPTS", "NEXT ATTEMPT", "CLOSED", "LAST ERROR", "REPLICA");
        for (Orders.ReplicaOrder order : eviction.orders()) {
            table.row(
                    order.hostId(),
                    OrderState.of(order.state(), order.deferredUntil()),
                    order.attempts(),
                    HumanText.time(order.nextAttemptAt()),
                    HumanText.time(order.closedAt()),
                    order.lastError() == null ? HumanText.NONE : order.lastError(),
                    order.replicaId());
        }
        table.print(console);
        OrderState.explain(eviction.orders().stream().map(Orders.ReplicaOrder::waitsFor), console.out());
    }
}
