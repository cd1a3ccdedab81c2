package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Orders;
import dev.spillway.api.body.Page;
import dev.spillway.events.HostId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.LastCopies;
import dev.spillway.registry.RegistryQueries.OpenOrderView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.HostDrain;
import dev.spillway.registry.model.HostRow;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Routes of hosts: their state, and the operations retire, readmit and drain. */
final class HostRoutes {

    private final Registry registry;
    private final Commands commands;

    HostRoutes(Registry registry) {
        this.registry = registry;
        this.commands = new Commands(registry);
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(CoordinatorApi.LIST_HOSTS, this::list),
                Endpoint.of(CoordinatorApi.LIST_REFUSALS, this::refusals),
                Endpoint.of(CoordinatorApi.GET_HOST, this::one),
                Endpoint.of(CoordinatorApi.RETIRE_HOST, this::retire),
                Endpoint.of(CoordinatorApi.LIST_ORDERS_OF_HOST, this::orders),
                Endpoint.of(CoordinatorApi.READMIT_HOST, this::readmit),
                Endpoint.of(CoordinatorApi.DRAIN_HOST, this::drain),
                Endpoint.of(CoordinatorApi.CANCEL_DRAIN, this::cancelDrain));
    }

    private static HostId host(Request request) {
        return request.parameter("host", HostId::new);
    }

    private Response list(Request request) {
        long epoch = registry.queries().registry().epoch();
        return Response.ok(Page.whole(registry.queries().hosts().stream().map(host -> answer(host, epoch)).toList()));
    }

    private Response refusals(Request request) {
        return Response.ok(
                Page.whole(
                        registry.queries()
                                .joinRefusals(RegistryQueries.LIMIT_MAX)
                                .stream()
                                .map(
                                        refusal -> new Hosts.JoinRefusal(
                                                refusal.hostId(),
                                                refusal.storeId(),
                                                refusal.address(),
                                                refusal.reason(),
                                                refusal.detail(),
                                                refusal.at()))
                                .toList()));
    }

    private Response one(Request request) {
        HostId id = host(request);
        return Response.ok(
                answer(
                        registry.queries().host(id).orElseThrow(() -> RegistryProblems.unknownHost(id)),
                        registry.queries().registry().epoch()));
    }

    private Response orders(Request request) {
        HostId id = host(request);
        Paging paging = Paging.of(request, "orders of " + id);
        RegistryQueries.Page<OpenOrderView> orders = registry.queries().orders(id, paging.after(), paging.limit());
        if (orders.items().isEmpty() && registry.queries().host(id).isEmpty()) {
            throw RegistryProblems.unknownHost(id);
        }
        WaitReason reason = new WaitReason(registry.queries());
        return Response.ok(paging.page(orders.items(), orders.next(), view -> answer(view, reason)));
    }

    private static Orders.OpenOrder answer(OpenOrderView view, WaitReason reason) {
        OrderView order = view.order();
        return new Orders.OpenOrder(
                order.replicaId(),
                view.name().namespace(),
                view.name().key(),
                view.snapshotId(),
                view.generation(),
                view.sizeBytes(),
                view.cause(),
                view.evictionId(),
                Orders.State.valueOf(order.state()),
                order.attempts(),
                view.orderedAt(),
                order.nextAttemptAt(),
                order.lastError(),
                order.deferredUntil(),
                reason.of(order));
    }

    private Response retire(Request request) {
        HostId id = host(request);
        return changed(id, commands.run(request, Commands.Target.of("DELETE host", id), new Command.Retire(id)));
    }

    private Response readmit(Request request) {
        HostId id = host(request);
        return changed(id, commands.run(request, Commands.Target.of("POST readmit", id), new Command.Readmit(id)));
    }

    private Response drain(Request request) {
        HostId id = host(request);
        return draining(id, commands.run(request, Commands.Target.of("POST drain", id), new Command.Drain(id)));
    }

    private Response cancelDrain(Request request) {
        HostId id = host(request);
        return draining(id, commands.run(request, Commands.Target.of("DELETE drain", id), new Command.CancelDrain(id)));
    }

    private static Response draining(HostId id, Outcomes.Draining draining) {
        return switch (draining) {
            case Outcomes.Draining.Drains(var since) -> Response.ok(new Hosts.DrainChanged(id, since));
            case Outcomes.Draining.Stays() -> Response.ok(new Hosts.DrainChanged(id, null));
            case Outcomes.Draining.Refused(var why) -> throw RegistryProblems.hostUnchanged(why);
            case Outcomes.Draining.Unknown() -> throw RegistryProblems.unknownHost(id);
        };
    }

    private static Response changed(HostId id, Outcomes.HostChange change) {
        return switch (change) {
            case Outcomes.HostChange.Changed(var rowsAbandoned, var entriesLost) ->
                    Response.ok(new Hosts.Changed(rowsAbandoned, entriesLost));
            case Outcomes.HostChange.Refused refused -> throw RegistryProblems.hostUnchanged(refused.why());
            case Outcomes.HostChange.Unknown() -> throw RegistryProblems.unknownHost(id);
        };
    }

    private static Hosts.Host answer(HostView view, long epoch) {
        HostRow row = view.row();
        return new Hosts.Host(
                row.id(),
                row.storeId(),
                row.address(),
                Hosts.State.valueOf(row.shownState().name()),
                row.incarnation(),
                row.partition(),
                row.lastHeardAt(),
                view.replicas(),
                view.bytes(),
                view.openOrders(),
                view.oldestOpenOrderAt(),
                row.figures(),
                row.lastReconciledAt(),
                attention(view, epoch),
                drain(view));
    }

    private static Hosts.@Nullable Drain drain(HostView view) {
        HostDrain drain = view.row().drain();
        LastCopies last = view.lastCopies();
        // Some of the counted copies may have been deleted since the count.
        return drain == null || last == null ? null
                : new Hosts.Drain(
                        drain.since(),
                        Math.min(last.copies(), view.replicas() - view.openOrders()),
                        Math.min(last.bytes(), view.bytes()),
                        last.countedAt(),
                        view.isDrained());
    }

    private static @Nullable String attention(HostView view, long epoch) {
        HostRow row = view.row();
        if (row.attention() != null) {
            return row.attention();
        }
        if (row.isUnheard(epoch)) {
            return "has not told what it holds since the database was restored (start its worker, or retire it)";
        }
        return view.failing() == null ? null
                : "cannot delete an image for more than a minute: " + view.failing() + " (see its open orders)";
    }
}
