package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Outcomes;
import dev.spillway.coordinator.core.Policy;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryQueries.NamespaceView;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.http.Body;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.http.Route;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Namespaces: their limits, their figures, and cleaning them. */
final class NamespaceRoutes {
    private static final String NAMESPACES = "/v1/namespaces";
    private static final String NAMESPACE = NAMESPACES + "/{namespace}";
    private static final int CLEAN_CHUNK = 1_000;
    /** Well below the time after which clients give a request up. */
    private static final Duration CLEAN_WITHIN = Duration.ofSeconds(5);

    private final Registry registry;
    private final Commands commands;
    private final InstantSource clock;

    NamespaceRoutes(Registry registry, InstantSource clock) {
        this.registry = registry;
        this.commands = new Commands(registry);
        this.clock = clock;
    }

    List<Route> routes() {
        return List.of(Route.get(NAMESPACES, this::list), Route.get(NAMESPACE, this::one), Route.put(NAMESPACE, Body.json(), this::set),
                Route.post(NAMESPACE + "/clean", Body.json(), this::clean));
    }

    static NamespaceName namespace(Request request) {
        return request.parameter("namespace", NamespaceName::new);
    }

    private Response list(Request request) {
        return Response.ok(new ListAnswer<>(registry.queries().namespaces().stream().map(NamespaceRoutes::answer).toList(), null));
    }

    private Response one(Request request) {
        NamespaceName name = namespace(request);
        return Response.ok(answer(registry.queries().namespace(name).orElseThrow(() -> Refusals.unknownNamespace(name))));
    }

    private static NamespaceAnswer answer(NamespaceView view) {
        Policy policy = view.policy();
        return new NamespaceAnswer(view.name(), policy.maxEntries(), policy.maxBytes(), policy.maxEvictionShare(), view.entries(),
                view.bytes(), view.hits(),
                view.misses(), view.evictions());
    }

    private Response set(Request request) {
        NamespaceName name = namespace(request);
        NamespaceBody body = request.body(NamespaceBody.class);
        Double share = body.maxEvictionShare();
        Policy asked = new Policy(body.maxEntries(), body.maxBytes(), share == null ? Policy.DEFAULT_EVICTION_SHARE : share);
        return switch (commands.run(request, Commands.Target.of("PUT namespace", name),
                new Command.SetPolicy(name, asked.maxEntries(), asked.maxBytes(), share))) {
            case Outcomes.PolicySetting.Changed(var policy, var evicted) ->
                    Response.ok(new NamespaceSetAnswer(name, policy.maxEntries(), policy.maxBytes(), policy.maxEvictionShare(), evicted));
            case Outcomes.PolicySetting.Refused refused -> throw Refusals.limitsEvictTooMuch(refused);
        };
    }

    private Response clean(Request request) {
        NamespaceName name = namespace(request);
        String confirm = request.body(CleanBody.class).confirm();
        if (!confirm.equals(name.value())) {
            throw new InvalidValueException("confirm", confirm, name + ", the namespace to clean");
        }
        if (registry.queries().namespace(name).isEmpty()) {
            throw Refusals.unknownNamespace(name);
        }
        Instant deadline = clock.instant().plus(CLEAN_WITHIN);
        long evicted = 0;
        for (int chunk = 1;; chunk++) {
            Outcomes.Cleaning step =
                    commands.run(request, Commands.Target.of("POST clean", name), chunk, new Command.Clean(name, CLEAN_CHUNK));
            evicted += step.evicted();
            // A step that evicted nothing met entries that others put or hold meanwhile; the caller asks again.
            if (step.remaining() == 0 || step.evicted() == 0 || !clock.instant().isBefore(deadline)) {
                return Response.ok(new CleanAnswer(evicted, step.remaining()));
            }
        }
    }
}
