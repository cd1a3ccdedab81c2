package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Entries;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Deletes an entry everywhere. */
@Command(name = "rm", description = "Delete an entry from the registry and from every host.")
final class Rm implements SpillwayCommand {
    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Mixin
    private EntryParameters entry;
    @Option(names = "--if-snapshot", paramLabel = "ID", description = "Only if the entry names this snapshot.")
    private @Nullable SnapshotId ifSnapshot;

    Rm(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server.Answer answer = coordinator.server()
                .send(CoordinatorApi.DELETE_ENTRY.at(entry.namespace(), entry.key()).with("ifSnapshot", ifSnapshot));
        console.out()
                .println(output.json() ? answer.text()
                        : "deleted " + Text.printable(entry.key().value()) + ", snapshot "
                                + Text.printable(answer.as(Entries.Deleted.class).snapshotId().value()));
        return Outcome.done();
    }
}
