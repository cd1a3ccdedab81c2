package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Registry;
import dev.spillway.service.http.Route;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;

/** Every path of the coordinator besides those that every service has. */
public final class CoordinatorRoutes {
    /** The description of all paths. */
    public static final String OPENAPI = "/dev/spillway/schemas/http/coordinator.yaml";

    private CoordinatorRoutes() {}

    /**
     * Routes to one registry.
     *
     * @param clock bounds how long one request works
     */
    public static List<Route> of(Registry registry, Backlog backlog, InstantSource clock) {
        return Stream
                .of(new NamespaceRoutes(registry, clock).routes(), new EntryRoutes(registry, backlog).routes(),
                        new EvictionRoutes(registry).routes(), new PinRoutes(registry).routes(), new PlanRoutes(registry, clock).routes(),
                        new HostRoutes(registry).routes(), new RegistryRoutes(registry).routes(), new EventRoutes(registry).routes(),
                        new WorkerRoutes(registry, backlog).routes())
                .flatMap(List::stream)
                .map(route -> new Route(route.method(), route.template(), route.body(), route.query(), route.bounded(),
                        Refusals.explained(route.handler())))
                .toList();
    }
}
