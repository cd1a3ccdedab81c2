package dev.spillway.cli.client;

import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.http.HostAnswer;
import dev.spillway.coordinator.http.HostChangeAnswer;
import dev.spillway.events.HostId;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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
    @Option(names = "--yes", description = "Do not ask; only a host that is heard is asked for.")
    private boolean yes;

    Retire(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = coordinator.server();
        if (!yes) {
            HostAnswer before = server.get(Resource.of("v1", "hosts", host)).as(HostAnswer.class);
            if (String.valueOf(before.state()).equals("ACTIVE")) {
                ask(before);
            }
        }
        Server.Answer answer = server.delete(Resource.of("v1", "hosts", host));
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

    private void ask(HostAnswer before) {
        console.err()
                .printf("%s is ACTIVE, heard %s, with %s. Type its name to retire it: ", host, Text.ago(before.lastHeardAt()),
                        Text.count(before.replicas(), "replica", "replicas"));
        console.err().flush();
        String answer;
        try {
            answer = console.in().readLine();
        } catch (IOException e) {
            throw new CommandFailedException(new Outcome.Failed("nothing was retired: the answer could not be read: " + e.getMessage()));
        }
        if (answer == null || !answer.strip().equals(host.value())) {
            throw new CommandFailedException(new Outcome.Failed("nothing was retired: answer: %s (expected: %s, or --yes)"
                    .formatted(answer == null ? "none" : Text.printable(answer), host)));
        }
    }
}
