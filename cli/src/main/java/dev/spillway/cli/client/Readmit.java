package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.http.HostChangeAnswer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lets a host join again. */
@Command(name = "readmit",
        description = {"Let a retired host, or a new store under the id of a host that was replaced, join.",
                "What a host that is AWAY had is given up first, as retire does."})
final class Readmit implements SpillwayCommand {
    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Mixin
    private HostParameter host;

    Readmit(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server.Answer answer = coordinator.server().post(Resource.of("v1", "hosts", host.id(), "readmit"), null);
        console.out()
                .println(output.json() ? answer.text()
                        : "readmitted %s: it may join; %s".formatted(host.id(), Retire.givenUp(answer.as(HostChangeAnswer.class))));
        return Outcome.done();
    }
}
