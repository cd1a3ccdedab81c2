package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the entries of a namespace. */
@Command(name = "ls", description = "List the entries of a namespace, least recently used first.")
final class Ls implements SpillwayCommand {
    private final Console console;
    @Mixin
    private Listing listing = Listing.ofAll();
    @Mixin
    private NamespaceParameter namespace;
    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only keys that begin with it.")
    private @Nullable String prefix;
    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "Only entries with this label. NAME ends at the first =.")
    private Values.@Nullable Label label;

    Ls(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        RequestTarget list = CoordinatorApi.LIST_ENTRIES.at(namespace.name()).with("prefix", prefix).with("label", label);
        return listing.print(list, console, this::print);
    }

    private void print(Pages pages) {
        boolean anyPinned = pages.items().stream().anyMatch(entry -> entry.has("pin"));
        List<String> columns = new ArrayList<>(List.of("KEY", ">GENERATION", ">BYTES", ">USED", "DESCRIPTION", "LABELS"));
        if (anyPinned) {
            columns.add("PINNED");
        }
        Table table = new Table(columns.toArray(String[]::new));
        // Read as it came: to look through the records of an entry takes Jackson as long as the request.
        for (JsonNode entry : pages.items()) {
            JsonNode size = entry.path("sizeBytes");
            String description = entry.path("description").asText();
            String labels = entry.path("labels")
                    .properties()
                    .stream()
                    .map(label -> label.getKey() + "=" + label.getValue().asText())
                    .collect(
                            Collectors.joining(","));
            List<Object> cells = new ArrayList<>(List.of(entry.path("key").asText(), entry.path("generation").asText(),
                    Text.bytes(size.isNumber() ? size.longValue() : null), Text.ago(time(entry.get("lastAccessedAt"))),
                    description.isEmpty() ? Text.NONE : description, labels.isEmpty() ? Text.NONE : labels));
            if (anyPinned) {
                cells.add(pinned(entry.path("pin")));
            }
            table.row(cells.toArray());
        }
        table.print(console.out());
    }

    private static String pinned(JsonNode pin) {
        if (pin.isMissingNode()) {
            return Text.NONE;
        }
        Instant until = time(pin.get("until"));
        return (until == null ? "" : "until " + Text.time(until) + ": ") + pin.path("reason").asText();
    }

    private static @Nullable Instant time(@Nullable JsonNode text) {
        return text == null ? null : Instant.parse(text.asText());
    }
}
