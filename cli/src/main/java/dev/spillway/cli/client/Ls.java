package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Entries;
import dev.spillway.api.Pins;
import dev.spillway.api.RequestTarget;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
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
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Mixin
    private NamespaceParameter namespace;
    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only keys that begin with it.")
    private @Nullable String prefix;
    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "Only entries with this label.")
    private Values.@Nullable Label label;
    @Option(names = "--limit", paramLabel = "N", description = "At most so many.")
    private Values.@Nullable Count limit;

    Ls(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        RequestTarget list = CoordinatorApi.LIST_ENTRIES.at(namespace.name()).with("prefix", prefix).with("label", label);
        Pages pages = Pages.fetch(coordinator.server(), list, limit == null ? Long.MAX_VALUE : limit.number());
        if (output.json()) {
            pages.printJson(console.out());
            return Outcome.done();
        }
        List<Entries.Entry> entries = pages.as(Entries.Entry.class);
        boolean anyPinned = entries.stream().anyMatch(entry -> entry.pin() != null);
        List<String> columns = new ArrayList<>(List.of("KEY", ">GENERATION", ">BYTES", ">USED", "DESCRIPTION", "LABELS"));
        if (anyPinned) {
            columns.add("PINNED");
        }
        Table table = new Table(columns.toArray(String[]::new));
        for (Entries.Entry entry : entries) {
            List<Object> cells = new ArrayList<>(List.of(entry.key(), entry.generation(), Text.bytes(entry.sizeBytes()),
                    Text.ago(entry.lastAccessedAt()), entry.description().isEmpty() ? Text.NONE : entry.description(),
                    entry.labels().isEmpty() ? Text.NONE
                            : entry.labels().entrySet().stream().map(Object::toString).collect(Collectors.joining(","))));
            if (anyPinned) {
                cells.add(pinned(entry.pin()));
            }
            table.row(cells.toArray());
        }
        table.print(console.out());
        return Outcome.done();
    }

    private static String pinned(Pins.@Nullable Pin pin) {
        if (pin == null) {
            return Text.NONE;
        }
        return (pin.until() == null ? "" : "until " + Text.time(pin.until()) + ": ") + pin.reason();
    }
}
