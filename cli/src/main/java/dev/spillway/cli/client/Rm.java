package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
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
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/** Deletes an entry everywhere. */
final class Rm implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final EntryParameters entry = new EntryParameters();
    private @Nullable SnapshotId ifSnapshot;

    Rm(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("rm", "Delete an entry from the registry and from every host.");
        coordinator.declare(to);
        output.declare(to);
        entry.declare(to);
        to.option("--if-snapshot", "ID", SnapshotId.class, value -> ifSnapshot = value, "Only if the entry names this snapshot.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server.Answer answer = coordinator.server()
                .send(CoordinatorApi.DELETE_ENTRY.at(entry.namespace(), entry.key()).with("ifSnapshot", ifSnapshot));
        console.out()
                .println(
                        output.json() ? answer.text()
                                : "deleted " + HumanText.printable(entry.key().value()) + ", snapshot "
                                        + HumanText.printable(answer.as(Entries.Deleted.class).snapshotId().value()));
        return CommandOutcome.done();
    }
}
