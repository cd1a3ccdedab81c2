package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Plans;
import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes.Planning;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Routes of prunes and plans. A plan shows which entries would be evicted and why; applying it evicts exactly these. */
final class PlanRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(PlanRoutes.class);
    private static final String KEPT = "kept";
    private static final int SHOWN = 100;
    /** Time limit of the steps of one apply request, well below the timeout of clients. */
    private static final Duration APPLY_WITHIN = Duration.ofSeconds(5);

    private final Registry registry;
    private final Commands commands;
    private final RecentCurves curves;
    private final InstantSource clock;

    PlanRoutes(Registry registry, Usage usage, InstantSource clock) {
        this.registry = registry;
        this.curves = new RecentCurves(usage, clock);
        this.commands = new Commands(registry);
        this.clock = clock;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(CoordinatorApi.PRUNE_NAMESPACE, this::prune).json(),
                Endpoint.of(CoordinatorApi.LIST_PLANS, this::list),
                Endpoint.of(CoordinatorApi.GET_PLAN, this::one),
                Endpoint.of(CoordinatorApi.LIST_VICTIMS, this::victims),
                Endpoint.of(CoordinatorApi.APPLY_PLAN, this::apply));
    }

    private Response prune(Request request) {
        NamespaceName name = NamespaceRoutes.namespace(request);
        Plans.Prune body = request.body(Plans.Prune.class);
        PlanPurpose.Prune prune = new PlanPurpose.Prune(
                body.maxEntries(),
                body.maxBytes(),
                Times.duration("idleFor", body.idleFor()),
                body.keyPrefix());
        Steps steps = Steps.of(commands, request, "POST prune", name);
        PlanSteps plan = new PlanSteps(steps);
        Planning.Made made = switch (steps.run(new Command.MakePlan(name, prune))) {
            case Planning.Made begun -> plan.whole(begun);
            case Planning.Unknown() -> throw RegistryProblems.unknownNamespace(name);
        };
        if (body.dryRun() == null || !body.dryRun()) {
            if (!made.isWithinShare()) {
                throw RegistryProblems.planNeeded("prune", made);
            }
            plan.apply(made.planId(), enough());
        }
        return steps.ask(() -> answer(made.planId()));
    }

    private Response apply(Request request) {
        PlanId id = id(request);
        Steps steps = Steps.of(commands, request, "POST apply", id);
        new PlanSteps(steps).apply(id, enough());
        return steps.ask(() -> {
            PlanRow plan = existing(id);
            if (plan.isPolicyNotSet()) {
                throw RegistryProblems.policyNotSet(plan);
            }
            return answer(plan);
        });
    }

    private BooleanSupplier enough() {
        Instant deadline = clock.instant().plus(APPLY_WITHIN);
        return () -> !clock.instant().isBefore(deadline);
    }

    private Response list(Request request) {
        NamespaceName namespace = request.query().value("namespace", NamespaceName::new).orElse(null);
        if (namespace != null && registry.queries().namespace(namespace).isEmpty()) {
            throw RegistryProblems.unknownNamespace(namespace);
        }
        Paging paging = Paging.of(request, "plans");
        Page<PlanRow> page = registry.queries().plans(namespace, paging.after(), paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), plan -> PlanAnswers.plan(plan, null, null, null)));
    }

    private Response one(Request request) {
        return answer(id(request));
    }

    private Response answer(PlanId id) {
        return answer(existing(id));
    }

    private Response answer(PlanRow plan) {
        boolean begun = plan.state() == PlanRow.State.APPLYING || plan.state() == PlanRow.State.APPLIED;
        Page<PlanVictim> victims = registry.queries().planVictims(plan.id(), begun, null, SHOWN);
        return Response.ok(
                PlanAnswers.plan(
                        plan,
                        begun ? null : cost(plan),
                        victims.items().stream().map(PlanAnswers::victim).toList(),
                        victims.next()));
    }

    /**
     * Returns the share of accesses that would become misses without the victims; null if it is not known. The victims are assumed to be the least
     * recently used entries. If the estimate fails, the plan is answered without it.
     */
    private @Nullable Double cost(PlanRow plan) {
        HitRateCurve curve;
        try {
            curve = curves.curve(plan.namespace());
        } catch (RegistryUnavailableException e) {
            LOG.debug("plan {}: its cost is not known: {}", plan.id(), e.getMessage());
            return null;
        }
        long entries = plan.made().namespaceEntries();
        return curve.accesses() == 0 ? null : curve.byEntries().at(entries) - curve.byEntries().at(entries - plan.made().victims());
    }

    private Response victims(Request request) {
        PlanId id = existing(id(request)).id();
        Paging paging = Paging.of(request, PlanAnswers.victimsOf(id));
        boolean keptOnly = request.query().flag(KEPT).orElse(false);
        Page<PlanVictim> page = registry.queries().planVictims(id, keptOnly, paging.after(), paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), PlanAnswers::victim));
    }

    private static PlanId id(Request request) {
        return request.parameter("id", PlanId::parse);
    }

    private PlanRow existing(PlanId id) {
        return registry.queries().plan(id).orElseThrow(() -> RegistryProblems.unknownPlan(id));
    }
}
