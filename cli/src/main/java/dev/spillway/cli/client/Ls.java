package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.NamespaceParameter;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Lists the entries of a namespace. */
final class Ls implements ClientCommand {
    private final Console console;
    private final Listing listing = Listing.ofAll();
    private final NamespaceParameter namespace = new NamespaceParameter();
    private @Nullable String prefix;
    private Values.@Nullable Label label;

    Ls(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("ls", "List the entries of a namespace, the one first that goes first.");
        listing.declare(to);
        namespace.declare(to);
        to.option("--prefix", "TEXT", String.class, value -> prefix = value, "Only keys that begin with it.");
        to.option(
                "--label",
                "NAME=VALUE",
                Values.Label.class,
                value -> label = value,
                "Only entries with this label. NAME ends at the first =.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
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
        // The JSON tree is read directly, because Jackson takes as long to introspect the records of an entry as the request takes.
        for (JsonNode entry : pages.items()) {
            JsonNode size = entry.path("sizeBytes");
            String description = entry.path("description").asText();
            String labels = entry.path("labels")
                    .properties()
                    .stream()
                    .map(label -> label.getKey() + "=" + label.getValue().asText())
                    .collect(Collectors.joining(","));
            List<Object> cells = new ArrayList<>(
                    List.of(
                            entry.path("key").asText(),
                            entry.path("generation").asText(),
                            HumanText.bytes(size.isNumber() ? size.longValue() : null),
                            HumanText.ago(time(entry.get("lastAccessedAt"))),
                            description.isEmpty() ? HumanText.NONE : description,
                            labels.isEmpty() ? HumanText.NONE : labels));
            if (anyPinned) {
                cells.add(pinned(entry.path("pin")));
            }
            table.row(cells.toArray());
        }
        table.print(console);
    }

    private static String pinned(JsonNode pin) {
        if (pin.isMissingNode()) {
            return HumanText.NONE;
        }
        Instant until = time(pin.get("until"));
        return (until == null ? "" : "until " + HumanText.time(until) + ": ") + pin.path("reason").asText();
    }

    private static @Nullable Instant time(@Nullable JsonNode text) {
        return text == null ? null : Instant.parse(text.asText());
    }
}
