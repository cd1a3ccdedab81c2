package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Hosts;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.Outcome;
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
    public Outcome call() throws InterruptedException {
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
        return Outcome.done();
    }

    static String givenUp(Hosts.Changed change) {
        return "%s abandoned, %s lost".formatted(Text.count(change.rowsAbandoned(), "replica", "replicas"),
                Text.count(change.entriesLost(), "entry", "entries"));
    }

    private void ask(Hosts.Host before) {
        new TypedName(host.id().value(), "nothing was retired").require(console,
                "%s is %s, heard %s, with %s. Type its name to retire it: ".formatted(host.id(), before.state(),
                        Text.ago(before.lastHeardAt()),
                        Text.count(before.replicas(), "replica", "replicas")));
    }
}
