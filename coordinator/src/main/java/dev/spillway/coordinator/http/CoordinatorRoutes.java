package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.registry.Registry;
import dev.spillway.service.http.Endpoint;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** All routes of the coordinator, except those that every service has. */
public final class CoordinatorRoutes {
    /** Resource with the OpenAPI description of all paths. */
    public static final String OPENAPI = "/dev/spillway/schemas/http/coordinator.yaml";

    private CoordinatorRoutes() {}

    /** Returns the problem that a client gets for an exception of the registry. */
    public static Optional<Problem> failure(Throwable failure) {
        return RegistryProblems.of(failure);
    }

    /**
     * Returns the endpoints of one registry.
     *
     * @param usage reads how namespaces are used
     * @param secret secret from which the keys of joining hosts are derived
     * @param clock clock for the time limit of requests of many steps
     */
    public static List<Endpoint> of(Registry registry, Backlog backlog, Usage usage, FleetSecret secret, InstantSource clock) {
        return Stream
                .of(
                        new NamespaceRoutes(registry, clock).endpoints(),
                        new EntryRoutes(registry, backlog).endpoints(),
                        new EvictionRoutes(registry).endpoints(),
                        new AuditRoutes(registry).endpoints(),
                        new PinRoutes(registry).endpoints(),
                        new PlanRoutes(registry, usage, clock).endpoints(),
                        new UsageRoutes(registry, usage, clock).endpoints(),
                        new HostRoutes(registry).endpoints(),
                        new RegistryRoutes(registry).endpoints(),
                        new EventRoutes(registry).endpoints(),
                        new WorkerMessageRoutes(registry, backlog, secret).endpoints())
                .flatMap(List::stream)
                .toList();
    }
}
