package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Hosts;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.HostParameter;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.TypedName;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;

/** Lets a host join again. */
final class Readmit implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final HostParameter host = new HostParameter();
    private boolean yes;

    Readmit(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "readmit",
                "Let a retired host, or a new store under the id of a host that was replaced, join.",
                "What a host that is AWAY had is given up first, as retire does; that is asked about, unless another store waits to take its place.");
        coordinator.declare(to);
        output.declare(to);
        host.declare(to);
        to.flag("--yes", value -> yes = value, "Do not ask.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        if (!yes) {
            Hosts.Host before = server.get(CoordinatorApi.GET_HOST.at(host.id())).as(Hosts.Host.class);
            if (before.state() == Hosts.State.AWAY && before.replicas() > 0 && !isAwaited(server)) {
                ask(before);
            }
        }
        Server.Answer answer = server.send(CoordinatorApi.READMIT_HOST.at(host.id()));
        console.out()
                .println(
                        output.json() ? answer.text()
                                : "readmitted %s: it may join; %s".formatted(host.id(), Retire.givenUp(answer.as(Hosts.Changed.class))));
        return CommandOutcome.done();
    }

    /** Returns whether a worker asks to join as this host and is refused. */
    private boolean isAwaited(Server server) throws InterruptedException {
        return server.get(CoordinatorApi.LIST_REFUSALS.at())
                .listOf(Hosts.JoinRefusal.class)
                .items()
                .stream()
                .anyMatch(refusal -> refusal.hostId().equals(host.id()));
    }

    private void ask(Hosts.Host before) {
        new TypedName(host.id().value(), "nobody was readmitted").require(
                console,
                "%s is AWAY, heard %s, and may come back as it is; nobody asks to take its place. To give up its %s, type its name: "
                        .formatted(
                                host.id(),
                                HumanText.ago(before.lastHeardAt()),
                                HumanText.count(before.replicas(), "replica", "replicas")));
    }
}
