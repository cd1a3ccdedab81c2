package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Entries;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.EntryParameters;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import java.util.List;
import java.util.stream.Collectors;

/** Shows an entry of the registry with its copies. */
final class Show implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final EntryParameters parameters = new EntryParameters();

    Show(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("show", "Show an entry, the hosts that have a copy, and until when copies are held. It counts as no use.");
        coordinator.declare(to);
        output.declare(to);
        parameters.declare(to);
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        RequestTarget request =
                CoordinatorApi.GET_ENTRY.at(parameters.namespace(), parameters.key()).with("touch", false).with("count", false);
        Server.Answer answer = coordinator.server().get(request);
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        Entries.Entry entry = answer.as(Entries.Entry.class);
        print(entry);
        List<Entries.Replica> replicas = entry.replicas();
        if (replicas == null || replicas.isEmpty()) {
            console.out().printf("%nNo host has a copy.%n");
        } else {
            console.out().println();
            print(replicas);
        }
        return CommandOutcome.done();
    }

    private void print(Entries.Entry entry) {
        Table table = new Table("NAMESPACE", entry.namespace().value());
        table.row("key", entry.key().value());
        table.row("snapshot", entry.snapshotId());
        table.row("generation", entry.generation());
        table.row("bytes", HumanText.bytes(entry.sizeBytes()));
        table.row("put", HumanText.ago(entry.createdAt()));
        table.row("used", HumanText.ago(entry.lastAccessedAt()));
        if (!entry.description().isEmpty()) {
            table.row("description", entry.description());
        }
        if (!entry.labels().isEmpty()) {
            table.row(
                    "labels",
                    entry.labels()
                            .entrySet()
                            .stream()
                            .map(label -> label.getKey() + "=" + label.getValue())
                            .collect(Collectors.joining(",")));
        }
        if (entry.writtenBy() != null) {
            table.row("written by", entry.writtenBy());
        }
        if (entry.group() != null) {
            table.row("evicted with group", entry.group());
        }
        if (entry.pin() != null) {
            table.row(
                    "pinned",
                    (entry.pin().until() == null ? "" : "until " + HumanText.time(entry.pin().until()) + ": ") + entry.pin().reason());
        }
        table.print(console);
    }

    private void print(List<Entries.Replica> replicas) {
        Table table = new Table("HOST", "ADDRESS", "STATE", "SINCE", "HELD UNTIL", ">HOLDS");
        for (Entries.Replica replica : replicas) {
            Entries.Held held = replica.held();
            table.row(
                    replica.hostId(),
                    replica.address(),
                    replica.state(),
                    HumanText.ago(replica.registeredAt()),
                    held == null ? HumanText.NONE : HumanText.time(held.until()),
                    held == null ? 0 : held.holds());
        }
        table.print(console);
    }
}
