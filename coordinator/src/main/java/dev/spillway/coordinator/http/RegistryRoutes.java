package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.RegistryStatus;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.RestoreWait;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.util.List;

/** Routes of the registry itself: its identity, and the command after a restore of its database. */
final class RegistryRoutes {
    private static final long BODY_BYTES_MAX = 1 << 10;

    private final Registry registry;
    private final Commands commands;

    RegistryRoutes(Registry registry) {
        this.registry = registry;
        this.commands = new Commands(registry);
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(CoordinatorApi.GET_REGISTRY, this::show),
                Endpoint.of(CoordinatorApi.RESTORED, this::restored).json(BODY_BYTES_MAX));
    }

    private Response show(Request request) {
        RegistryRow known = registry.queries().registry();
        long unheard = registry.queries().waiting().map(RestoreWait::hostsUnheard).orElse(0L);
        RegistryRow.Behind behind = known.behind();
        return Response.ok(
                new RegistryStatus(
                        known.id(),
                        known.epoch(),
                        known.highestGeneration(),
                        known.restoredAt(),
                        unheard,
                        behind == null ? null : new RegistryStatus.Behind(behind.generation(), behind.epoch())));
    }

    private Response restored(Request request) {
        RegistryStatus.Restore body = request.body(RegistryStatus.Restore.class);
        return switch (commands.run(request, Commands.Target.of("POST restored"), new Command.Restored(body.epoch()))) {
            case Outcomes.Restoration.Restored(var epoch, var generation, var at) ->
                    Response.ok(new RegistryStatus.Restored(epoch, generation, at));
            case Outcomes.Restoration.OtherEpoch(var epoch) -> throw RegistryProblems.otherEpoch(body.epoch(), epoch);
        };
    }
}
