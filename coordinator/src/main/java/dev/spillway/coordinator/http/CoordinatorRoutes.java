package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.service.http.Endpoint;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Every path of the coordinator besides those that every service has. */
public final class CoordinatorRoutes {
    /** The description of all paths. */
    public static final String OPENAPI = "/dev/spillway/schemas/http/coordinator.yaml";

    private CoordinatorRoutes() {}

    /** Returns the problem that an exception of the registry is to a client. */
    public static Optional<Problem> failure(Throwable failure) {
        return RegistryProblems.of(failure);
    }

    /**
     * Returns the endpoints of one registry.
     *
     * @param usage how namespaces are used
     * @param secret what hosts that join get their keys from
     * @param clock bounds how long one request works
     */
    public static List<Endpoint> of(Registry registry, Backlog backlog, Usage usage, FleetSecret secret, InstantSource clock) {
        return Stream
                .of(new NamespaceRoutes(registry, clock).endpoints(), new EntryRoutes(registry, backlog).endpoints(),
                        new EvictionRoutes(registry).endpoints(), new AuditRoutes(registry).endpoints(),
                        new PinRoutes(registry).endpoints(),
                        new PlanRoutes(registry, usage, clock).endpoints(), new UsageRoutes(registry, usage, clock).endpoints(),
                        new HostRoutes(registry).endpoints(), new RegistryRoutes(registry).endpoints(),
                        new EventRoutes(registry).endpoints(),
                        new WorkerRoutes(registry, backlog, secret).endpoints())
                .flatMap(List::stream)
                .toList();
    }
}
