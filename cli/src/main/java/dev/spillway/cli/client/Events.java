package dev.spillway.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.core.Activity;
import dev.spillway.coordinator.core.ActivityCursor;
import dev.spillway.service.Backoff;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Follows what happens in the fleet. */
@Command(name = "events",
        description = "Follow evictions, confirmations, hosts and restores as they happen, until Ctrl-C. A lost connection is taken up where it broke.")
final class Events implements SpillwayCommand {
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));

    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Option(names = "--since", paramLabel = "ID", description = "Begin behind this event, as --json names them in lastEventId.")
    private @Nullable ActivityCursor since;
    private @Nullable String lastEventId;

    Events(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = coordinator.server();
        lastEventId = since == null ? null : since.toString();
        boolean connected = false;
        int failures = 0;
        while (!console.out().checkError()) {
            try {
                HttpResponse<Stream<String>> response = server.follow(Resource.of("v1", "events"), lastEventId);
                try (Stream<String> lines = response.body()) {
                    if (response.statusCode() != 200) {
                        refused(server, response.statusCode(), lines, connected);
                    } else {
                        connected = true;
                        failures = 0;
                        EventLines events = new EventLines();
                        lines.takeWhile(line -> !console.out().checkError()).forEach(line -> events.take(line, this::show));
                    }
                }
            } catch (IOException e) {
                if (!connected) {
                    throw new CommandFailedException(new Outcome.NotReachable(server.unreachable("GET", e)));
                }
            } catch (UncheckedIOException e) {
                // The stream broke; what follows takes it up again.
            }
            failures++;
            if (failures == 1 && !console.out().checkError()) {
                console.err().println("connection lost, trying again");
            }
            Thread.sleep(BACKOFF.delay(failures, RandomGenerator.getDefault()));
        }
        return Outcome.done();
    }

    /** A server that comes up again may refuse for a while; one that refuses at first will go on to. */
    private static void refused(Server server, int status, Stream<String> lines, boolean connected) {
        if (!connected || status / 100 == 4) {
            throw server.failure(status, lines.collect(Collectors.joining("\n")).getBytes(StandardCharsets.UTF_8));
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
        Activity activity;
        try {
            activity = Server.mapper().readValue(data, Activity.class);
        } catch (JsonProcessingException e) {
            // From a newer server.
            return Text.printable(data);
        }
        String what = switch (activity) {
            case Activity.Evicted evicted -> "evicted    %s/%s  generation %d, %s, %s".formatted(evicted.namespace(), evicted.key(),
                    evicted.generation(), evicted.cause(), Text.count(evicted.replicas(), "copy", "copies"));
            case Activity.Confirmed confirmed -> "%-9s  %s/%s  generation %d, on %s".formatted(
                    confirmed.result().toString().toLowerCase(Locale.ROOT), confirmed.namespace(), confirmed.key(),
                    confirmed.generation(), confirmed.hostId());
            case Activity.Restored restored -> "restored   the registry, to epoch %d, by %s".formatted(restored.epoch(), restored.actor());
            case Activity.HostChanged host -> "host       %s is %s".formatted(host.hostId(), host.state());
        };
        return Text.time(activity.at()) + "  " + Text.printable(what);
    }
}
