package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Page;
import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.NamespaceView;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;

/** Routes of hit-rate curves of namespaces, and of their hit rates over time. */
final class UsageRoutes {
    /** Smallest difference between the hit rates of neighbouring points in an answer. */
    private static final double STEP = 0.004;
    private static final Duration SHOWN = Duration.ofDays(1);

    private final Registry registry;
    private final Usage usage;
    private final InstantSource clock;

    UsageRoutes(Registry registry, Usage usage, InstantSource clock) {
        this.registry = registry;
        this.usage = usage;
        this.clock = clock;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.of(CoordinatorApi.GET_CURVE, this::curve), Endpoint.of(CoordinatorApi.GET_USAGE, this::history));
    }

    private Response curve(Request request) {
        NamespaceView namespace = existing(request);
        HitRateCurve curve = usage.curve(namespace.name());
        return Response.ok(
                new Namespaces.Curve(
                        namespace.name(),
                        Math.round(curve.accesses()),
                        curve.sampledKeys(),
                        curve.samplingRate(),
                        curve.byEntries().at(namespace.entries() - namespace.pinnedEntries()),
                        points(curve.byEntries()),
                        points(curve.byBytes())));
    }

    private static List<Namespaces.CurvePoint> points(HitRateCurve.Line line) {
        return line.thinned(STEP)
                .stream()
                .map(point -> new Namespaces.CurvePoint((long) Math.ceil(point.size()), point.hitRate()))
                .toList();
    }

    private Response history(Request request) {
        NamespaceName namespace = existing(request).name();
        Instant since = request.query()
                .value("since", text -> Objects.requireNonNull(Times.time("since", text)))
                .orElse(clock.instant().minus(SHOWN));
        return Response.ok(
                Page.whole(
                        usage.history(namespace, since)
                                .stream()
                                .map(each -> new Namespaces.Usage(each.beganAt(), each.hits(), each.misses(), each.entries(), each.bytes()))
                                .toList()));
    }

    private NamespaceView existing(Request request) {
        NamespaceName name = NamespaceRoutes.namespace(request);
        return registry.queries().namespace(name).orElseThrow(() -> RegistryProblems.unknownNamespace(name));
    }
}
