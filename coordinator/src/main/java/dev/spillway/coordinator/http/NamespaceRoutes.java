package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Page;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.NamespaceView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.PolicyField;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Routes of namespaces: limits, figures and clean. */
final class NamespaceRoutes {
    private static final int CLEAN_CHUNK = 1_000;
    /** Time limit of the steps of one clean request, well below the timeout of clients. */
    private static final Duration CLEAN_WITHIN = Duration.ofSeconds(5);

    private final Registry registry;
    private final Commands commands;
    private final InstantSource clock;

    NamespaceRoutes(Registry registry, InstantSource clock) {
        this.registry = registry;
        this.commands = new Commands(registry);
        this.clock = clock;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(CoordinatorApi.LIST_NAMESPACES, this::list),
                Endpoint.of(CoordinatorApi.GET_NAMESPACE, this::one),
                Endpoint.of(CoordinatorApi.SET_NAMESPACE, this::set).json(),
                Endpoint.of(CoordinatorApi.CLEAN_NAMESPACE, this::clean).json());
    }

    static NamespaceName namespace(Request request) {
        return request.parameter("namespace", NamespaceName::new);
    }

    private Response list(Request request) {
        return Response.ok(Page.whole(registry.queries().namespaces().stream().map(NamespaceRoutes::answer).toList()));
    }

    private Response one(Request request) {
        NamespaceName name = namespace(request);
        return Response.ok(answer(registry.queries().namespace(name).orElseThrow(() -> RegistryProblems.unknownNamespace(name))));
    }

    private static Namespaces.Namespace answer(NamespaceView view) {
        Policy policy = view.policy();
        return new Namespaces.Namespace(
                view.name(),
                policy.maxEntries(),
                policy.maxBytes(),
                policy.ttl(),
                policy.maxIdle(),
                policy.lowWatermark(),
                policy.maxEvictionShare(),
                policy.backend(),
                policy.minResidency(),
                policy.writeOnce(),
                policy.evictionPolicy(),
                view.entries(),
                view.bytes(),
                view.pinnedEntries(),
                view.pinnedBytes(),
                view.hits(),
                view.misses(),
                view.evictions());
    }

    private Response set(Request request) {
        NamespaceName name = namespace(request);
        Steps steps = Steps.of(commands, request, "PUT namespace", name);
        PolicyChange change = change(request);
        return switch (steps.run(new Command.SetPolicy(name, change))) {
            case Outcomes.PolicySetting.Changed(var policy, var evicted) -> Response.ok(answer(name, policy, evicted));
            case Outcomes.PolicySetting.Refused(var detail) -> throw RegistryProblems.namespaceInUse(detail);
            case Outcomes.PolicySetting.Planned(var begun, _) -> {
                PlanSteps plan = new PlanSteps(steps);
                Outcomes.Planning.Made made = plan.whole(begun);
                if (!made.isWithinShare()) {
                    throw RegistryProblems.planNeeded(
                            change.given().stream().map(PolicyField::toString).collect(Collectors.joining(", ")),
                            made);
                }
                plan.apply(made.planId(), () -> false);
                yield Response.ok(steps.ask(() -> roomMade(name, made.planId())));
            }
        };
    }

    /** Returns the result of a plan that evicted more than one command may, but needed no confirmation. */
    private Namespaces.Policy roomMade(NamespaceName name, PlanId planId) {
        PlanRow plan = registry.queries().plan(planId).orElseThrow(() -> RegistryProblems.unknownPlan(planId));
        Long beyond = plan.applied().beyond();
        if (beyond == null) {
            throw RegistryProblems.policyNotSet(plan);
        }
        Policy policy = registry.queries().namespace(name).orElseThrow(() -> RegistryProblems.unknownNamespace(name)).policy();
        return answer(name, policy, plan.applied().evicted() + beyond);
    }

    private static Namespaces.Policy answer(NamespaceName name, Policy policy, long evicted) {
        return new Namespaces.Policy(
                name,
                policy.maxEntries(),
                policy.maxBytes(),
                policy.ttl(),
                policy.maxIdle(),
                policy.lowWatermark(),
                policy.maxEvictionShare(),
                policy.backend(),
                policy.minResidency(),
                policy.writeOnce(),
                policy.evictionPolicy(),
                evicted);
    }

    private static PolicyChange change(Request request) {
        Namespaces.Put body = request.body(Namespaces.Put.class);
        List<String> given = new ArrayList<>();
        // The record cannot distinguish a field that is null from one that is absent, so the names are read from the JSON.
        request.body(ObjectNode.class).fieldNames().forEachRemaining(given::add);
        return new PolicyChange(
                PolicyField.named(given),
                body.maxEntries(),
                body.maxBytes(),
                Times.duration("ttl", body.ttl()),
                Times.duration("maxIdle", body.maxIdle()),
                body.lowWatermark(),
                body.maxEvictionShare(),
                body.backend(),
                Times.duration("minResidency", body.minResidency()),
                body.writeOnce(),
                body.evictionPolicy());
    }

    private Response clean(Request request) {
        NamespaceName name = namespace(request);
        String confirm = request.body(Namespaces.Clean.class).confirm();
        if (!confirm.equals(name.value())) {
            throw new InvalidValueException("confirm", confirm, name + ", the namespace to clean");
        }
        if (registry.queries().namespace(name).isEmpty()) {
            throw RegistryProblems.unknownNamespace(name);
        }
        Steps steps = Steps.of(commands, request, "POST clean", name);
        Instant deadline = clock.instant().plus(CLEAN_WITHIN);
        long evicted = 0;
        while (true) {
            Outcomes.Cleaning step = steps.run(new Command.Clean(name, CLEAN_CHUNK));
            evicted += step.evicted();
            steps.evicted(step.evicted());
            // A step can evict nothing while entries remain, because other transactions have put or locked them. The caller then asks again.
            if (step.remaining() == 0 || step.evicted() == 0 || !clock.instant().isBefore(deadline)) {
                return Response.ok(new Namespaces.Cleaned(evicted, step.remaining()));
            }
        }
    }
}
