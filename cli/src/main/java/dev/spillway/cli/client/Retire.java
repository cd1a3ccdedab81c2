package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.http.HostChangeAnswer;
import dev.spillway.events.HostId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Gives a host up. */
@Command(name = "retire",
        description = "Give a host up: its copies are no longer counted on, and what only it held is evicted as LOST.")
final class Retire implements SpillwayCommand {
    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Parameters(paramLabel = "HOST", description = "The host.")
    private HostId host;

    Retire(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server.Answer answer = coordinator.server().delete(Resource.of("v1", "hosts", host));
        if (output.json()) {
            console.out().println(answer.text());
        } else {
            HostChangeAnswer change = answer.as(HostChangeAnswer.class);
            console.out()
                    .printf("retired %s: %s abandoned, %s lost%n", host,
                            Text.count(change.rowsAbandoned(), "replica", "replicas"),
                            Text.count(change.entriesLost(), "entry", "entries"));
        }
        return Outcome.done();
    }
}
