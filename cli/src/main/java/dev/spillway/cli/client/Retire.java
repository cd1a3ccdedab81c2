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
import java.util.Set;

/** Retires a host. */
final class Retire implements ClientCommand {
    private static final Set<Hosts.State> HEARD = Set.of(Hosts.State.ACTIVE, Hosts.State.DRAINING);

    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final HostParameter host = new HostParameter();
    private boolean yes;

    Retire(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("retire", "Give a host up: its copies are no longer counted on, and what only it held is evicted as LOST.");
        coordinator.declare(to);
        output.declare(to);
        host.declare(to);
        to.flag("--yes", value -> yes = value, "Do not ask; only a host that is heard is asked for.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        if (!yes) {
            Hosts.Host before = server.get(CoordinatorApi.GET_HOST.at(host.id())).as(Hosts.Host.class);
            if (HEARD.contains(before.state())) {
                ask(before);
            }
        }
        Server.Answer answer = server.send(CoordinatorApi.RETIRE_HOST.at(host.id()));
        if (output.json()) {
            console.out().println(answer.text());
        } else {
            console.out().printf("retired %s: %s%n", host.id(), givenUp(answer.as(Hosts.Changed.class)));
        }
        return CommandOutcome.done();
    }

    static String givenUp(Hosts.Changed change) {
        return "%s abandoned, %s lost".formatted(
                HumanText.count(change.rowsAbandoned(), "replica", "replicas"),
                HumanText.count(change.entriesLost(), "entry", "entries"));
    }

    private void ask(Hosts.Host before) {
        new TypedName(host.id().value(), "nothing was retired").require(
                console,
                "%s is %s, heard %s, with %s. Type its name to retire it: ".formatted(
                        host.id(),
                        before.state(),
                        HumanText.ago(before.lastHeardAt()),
                        HumanText.count(before.replicas(), "replica", "replicas")));
    }
}
