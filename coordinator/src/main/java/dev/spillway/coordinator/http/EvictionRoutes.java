package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Orders;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Routes of evictions, with the state of their orders. */
final class EvictionRoutes {

    private final Registry registry;

    EvictionRoutes(Registry registry) {
        this.registry = registry;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.of(CoordinatorApi.LIST_EVICTIONS, this::list), Endpoint.of(CoordinatorApi.GET_EVICTION, this::one));
    }

    private Response list(Request request) {
        Evictions.@Nullable State state = request.query().value("state", EvictionRoutes::state).orElse(null);
        @Nullable
        HostId host = request.query().value("host", HostId::new).orElse(null);
        @Nullable
        NamespaceName namespace = request.query().value("namespace", NamespaceName::new).orElse(null);
        @Nullable
        EvictionCause cause = request.query().value("cause", EvictionRoutes::cause).orElse(null);
        @Nullable
        PlanId plan = request.query().value("plan", PlanId::parse).orElse(null);
        if (host != null && registry.queries().host(host).isEmpty()) {
            throw RegistryProblems.unknownHost(host);
        }
        if (namespace != null && registry.queries().namespace(namespace).isEmpty()) {
            throw RegistryProblems.unknownNamespace(namespace);
        }
        Paging paging = Paging.of(request, "evictions");
        var filter = new EvictionFilter(state == null ? null : state.toString(), host, namespace, cause, plan);
        WaitReason reason = new WaitReason(registry.queries());
        Page<EvictionView> page = registry.queries().evictions(filter, paging.after(), paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), view -> answer(view, reason)));
    }

    private static Evictions.State state(String text) {
        return switch (text) {
            case "open" -> Evictions.State.OPEN;
            case "closed" -> Evictions.State.CLOSED;
            default -> throw new InvalidValueException("state", text, "one of open, closed");
        };
    }

    private static EvictionCause cause(String text) {
        for (EvictionCause cause : EvictionCause.values()) {
            if (cause.name().equals(text)) {
                return cause;
            }
        }
        throw new InvalidValueException(
                "cause",
                text,
                "one of " + Arrays.stream(EvictionCause.values()).map(EvictionCause::name).collect(Collectors.joining(", ")));
    }

    private Response one(Request request) {
        EvictionId id = request.parameter("id", EvictionId::parse);
        return Response.ok(
                answer(
                        registry.queries().eviction(id).orElseThrow(() -> RegistryProblems.unknownEviction(id)),
                        new WaitReason(registry.queries())));
    }

    private static Evictions.Eviction answer(EvictionView view, WaitReason reason) {
        EvictionFact fact = view.fact();
        return new Evictions.Eviction(
                fact.id(),
                fact.namespace(),
                fact.key(),
                fact.snapshotId(),
                fact.generation(),
                fact.sizeBytes(),
                fact.cause(),
                fact.replicas(),
                fact.labels(),
                fact.evictedAt(),
                view.actor().value(),
                view.planId(),
                view.open() ? Evictions.State.OPEN : Evictions.State.CLOSED,
                view.orders().stream().map(order -> answer(order, reason)).toList());
    }

    private static Orders.ReplicaOrder answer(OrderView order, WaitReason reason) {
        return new Orders.ReplicaOrder(
                order.replicaId(),
                order.hostId(),
                Orders.State.valueOf(order.state()),
                order.attempts(),
                order.nextAttemptAt(),
                order.lastError(),
                order.deferredUntil(),
                order.closedAt(),
                reason.of(order));
    }
}
