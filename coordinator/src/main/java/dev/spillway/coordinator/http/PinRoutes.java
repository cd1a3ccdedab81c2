package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Problem;
import dev.spillway.api.body.Pins;
import dev.spillway.events.EntryName;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Pin;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.time.Instant;
import java.util.List;

/** Routes of pins: set, change and lift. */
final class PinRoutes {

    private final Registry registry;
    private final Commands commands;

    PinRoutes(Registry registry) {
        this.registry = registry;
        this.commands = new Commands(registry);
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.of(CoordinatorApi.PIN_ENTRY, this::set).json(), Endpoint.of(CoordinatorApi.UNPIN_ENTRY, this::lift));
    }

    private Response set(Request request) {
        EntryName name = EntryRoutes.name(request);
        Pins.Put body = request.body(Pins.Put.class);
        Instant until = Times.time("until", body.until());
        return answer(
                name,
                commands.run(
                        request,
                        Commands.Target.of("PUT pin", name.namespace(), name.key()),
                        new Command.SetPin(name, body.reason(), until)));
    }

    private Response lift(Request request) {
        EntryName name = EntryRoutes.name(request);
        return answer(
                name,
                commands.run(request, Commands.Target.of("DELETE pin", name.namespace(), name.key()), new Command.LiftPin(name)));
    }

    static Pins.Pin answer(Pin pin) {
        return new Pins.Pin(pin.reason(), pin.until(), pin.at());
    }

    private Response answer(EntryName name, Outcomes.Pinning pinning) {
        return switch (pinning) {
            case Outcomes.Pinning.Pinned(var pin) -> Response.ok(answer(pin));
            case Outcomes.Pinning.Lifted(var had) -> Response.ok(new Pins.Lifted(had));
            case Outcomes.Pinning.Absent() -> throw RegistryProblems.missing(registry, name);
            case Outcomes.Pinning.Refused(var detail) -> throw Problem.invalid(detail).exception();
        };
    }
}
