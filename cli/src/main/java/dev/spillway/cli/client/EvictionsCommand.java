package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Evictions;
import dev.spillway.api.Orders;
import dev.spillway.api.RequestTarget;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Evictions and how far each host is with them. */
@Command(name = "evictions",
        description = "List evictions, newest first, or show one with the order of each host.")
final class EvictionsCommand implements SpillwayCommand {
    private final Console console;
    @Spec
    private CommandSpec spec;
    @Mixin
    private Listing listing = Listing.ofHundred();
    @Parameters(paramLabel = "ID", arity = "0..1", description = "Only this eviction.")
    private @Nullable EvictionId id;
    @Option(names = "--state", paramLabel = "STATE", description = "open or closed (default: both).")
    private Evictions.@Nullable State state;
    @Option(names = "--host", paramLabel = "HOST", description = "Only those with an order for this host.")
    private @Nullable HostId host;
    @Option(names = "--namespace", paramLabel = "NS", description = "Only of this namespace.")
    private @Nullable NamespaceName namespace;
    @Option(names = "--cause", paramLabel = "CAUSE", description = "Only of this cause, such as PRUNED.")
    private @Nullable EvictionCause cause;
    @Option(names = "--plan", paramLabel = "ID", description = "Only those that this plan named.")
    private @Nullable PlanId plan;

    EvictionsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        if (id == null) {
            return list();
        }
        if (state != null || host != null || namespace != null || cause != null || plan != null) {
            throw new ParameterException(spec.commandLine(), "ID: given with a filter (expected: either ID or filters)");
        }
        show(listing.coordinator().server().get(CoordinatorApi.GET_EVICTION.at(id)));
        return Outcome.done();
    }

    private Outcome list() throws InterruptedException {
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
            table.row(Text.ago(eviction.evictedAt()), eviction.namespace(), eviction.key(), eviction.generation(), eviction.cause(),
                    Text.bytes(eviction.sizeBytes()), eviction.state(), hosts(eviction.orders()), eviction.id());
        }
        table.print(console.out());
    }

    private static String hosts(List<Orders.ReplicaOrder> orders) {
        return orders.isEmpty() ? Text.NONE
                : orders.stream().map(order -> order.hostId() + " " + order.state()).sorted().collect(Collectors.joining(", "));
    }

    private void show(Server.Answer answer) {
        if (listing.output().json()) {
            console.out().println(answer.text());
            return;
        }
        Evictions.Eviction eviction = answer.as(Evictions.Eviction.class);
        console.out()
                .printf("%s/%s, generation %d, snapshot %s, %s%n", eviction.namespace(), Text.printable(eviction.key().value()),
                        eviction.generation(), Text.printable(eviction.snapshotId().value()), Text.bytes(eviction.sizeBytes()));
        console.out()
                .printf("evicted %s because of %s, asked for by %s%s, %s%n", Text.time(eviction.evictedAt()), eviction.cause(),
                        Text.printable(eviction.actor()), eviction.planId() == null ? "" : " with plan " + eviction.planId(),
                        eviction.state());
        Table table = new Table("HOST", "STATE", ">ATTEMPTS", "NEXT ATTEMPT", "CLOSED", "LAST ERROR", "REPLICA");
        for (Orders.ReplicaOrder order : eviction.orders()) {
            table.row(order.hostId(),
                    OrderState.of(order.state(), order.deferredUntil()),
                    order.attempts(), Text.time(order.nextAttemptAt()), Text.time(order.closedAt()),
                    order.lastError() == null ? Text.NONE : order.lastError(), order.replicaId());
        }
        table.print(console.out());
        OrderState.explain(eviction.orders().stream().map(Orders.ReplicaOrder::waitsFor), console.out());
    }
}
