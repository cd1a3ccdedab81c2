package dev.spillway.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.FleetEvent;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.EventLines;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Follows the events of the fleet. */
final class Events implements ClientCommand {
    private static final long PAUSE_MILLIS_MIN = 100;
    private static final long PAUSE_MILLIS_MAX = 5_000;

    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private Values.@Nullable EventId since;
    private @Nullable String lastEventId;

    Events(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "events",
                "Follow evictions, confirmations, hosts and restores as they happen, until Ctrl-C. A lost connection is taken up where it broke.");
        coordinator.declare(to);
        output.declare(to);
        to.option(
                "--since",
                "ID",
                Values.EventId.class,
                value -> since = value,
                "Begin behind this event, as --json names them in lastEventId.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        lastEventId = since == null ? null : since.text();
        boolean connected = false;
        int failures = 0;
        while (!console.out().checkError()) {
            try (InputStream stream = server.follow(CoordinatorApi.FOLLOW_EVENTS.at(), lastEventId, connected)) {
                if (stream != null) {
                    connected = true;
                    failures = 0;
                    show(new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)));
                }
            } catch (IOException e) {
                // The stream was interrupted. The next request resumes it.
            }
            failures++;
            if (failures == 1 && !console.out().checkError()) {
                console.err().println("connection lost, trying again");
            }
            Thread.sleep(Math.min(PAUSE_MILLIS_MAX, PAUSE_MILLIS_MIN << Math.min(failures, 10)));
        }
        return CommandOutcome.done();
    }

    private void show(BufferedReader lines) throws IOException {
        EventLines events = new EventLines();
        String line;
        while (!console.out().checkError() && (line = lines.readLine()) != null) {
            events.take(line, this::show);
        }
    }

    private void show(EventLines.Event event) {
        if (event.id() != null) {
            lastEventId = event.id();
        }
        switch (event.name()) {
            case "start" -> {}
            case "gap" -> console.err().println("gap: some events before the next one are no longer kept");
            default -> console.out().println(output.json() ? json(event) : line(event.data()));
        }
    }

    private static String json(EventLines.Event event) {
        try {
            var tree = Server.mapper().readTree(event.data());
            return tree instanceof ObjectNode object && event.id() != null
                    ? object.put("lastEventId", event.id()).toString()
                    : event.data();
        } catch (JsonProcessingException e) {
            return event.data();
        }
    }

    private static String line(String data) {
        FleetEvent activity;
        try {
            activity = Server.mapper().readValue(data, FleetEvent.class);
        } catch (JsonProcessingException e) {
            // The event is of a type that only a newer server knows.
            return HumanText.printable(data);
        }
        String what = switch (activity) {
            case FleetEvent.Evicted evicted -> "evicted    %s/%s  generation %d, %s, %s".formatted(
                    evicted.namespace(),
                    evicted.key(),
                    evicted.generation(),
                    evicted.cause(),
                    HumanText.count(evicted.replicas(), "copy", "copies"));
            case FleetEvent.Confirmed confirmed -> "%-9s  %s/%s  generation %d, on %s".formatted(
                    confirmed.result().toString().toLowerCase(Locale.ROOT),
                    confirmed.namespace(),
                    confirmed.key(),
                    confirmed.generation(),
                    confirmed.hostId());
            case FleetEvent.Restored restored ->
                    "restored   the registry, to epoch %d, by %s".formatted(restored.epoch(), restored.actor());
            case FleetEvent.HostChanged host -> "host       %s is %s".formatted(host.hostId(), host.state());
        };
        return HumanText.time(activity.at()) + "  " + HumanText.printable(what);
    }
}
