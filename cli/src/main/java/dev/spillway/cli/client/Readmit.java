package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Hosts;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lets a host join again. */
@Command(name = "readmit",
        description = {"Let a retired host, or a new store under the id of a host that was replaced, join.",
                "What a host that is AWAY had is given up first, as retire does; that is asked about, unless another store waits to take its place."})
final class Readmit implements SpillwayCommand {
    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Mixin
    private HostParameter host;
    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    Readmit(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = coordinator.server();
        if (!yes) {
            Hosts.Host before = server.get(CoordinatorApi.GET_HOST.at(host.id())).as(Hosts.Host.class);
            if (before.state() == Hosts.State.AWAY && before.replicas() > 0 && !isAwaited(server)) {
                ask(before);
            }
        }
        Server.Answer answer = server.send(CoordinatorApi.READMIT_HOST.at(host.id()));
        console.out()
                .println(output.json() ? answer.text()
                        : "readmitted %s: it may join; %s".formatted(host.id(), Retire.givenUp(answer.as(Hosts.Changed.class))));
        return Outcome.done();
    }

    /** Whether somebody asks to be this host, and may not. */
    private boolean isAwaited(Server server) throws InterruptedException {
        return server.get(CoordinatorApi.LIST_REFUSALS.at())
                .listOf(Hosts.JoinRefusal.class)
                .items()
                .stream()
                .anyMatch(refusal -> refusal.hostId().equals(host.id()));
    }

    private void ask(Hosts.Host before) {
        new TypedName(host.id().value(), "nobody was readmitted").require(console,
                "%s is AWAY, heard %s, and may come back as it is; nobody asks to take its place. To give up its %s, type its name: "
                        .formatted(
                                host.id(), Text.ago(before.lastHeardAt()), Text.count(before.replicas(), "replica", "replicas")));
    }
}
