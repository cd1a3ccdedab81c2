package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Hosts;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.HostParameter;
import dev.spillway.cli.option.Patience;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.output.DrainProgress;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import java.time.Duration;

/** Drains a host, and waits until only last copies are left on it. */
final class DrainCommand implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final HostParameter host = new HostParameter();
    private boolean cancel;
    private boolean noWait;
    private Duration timeout = Duration.ofMinutes(10);

    DrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "drain",
                "Have a host take nothing new and delete what other hosts hold, and wait until nothing but last copies is left. "
                        + "Those are kept, and served, until they are evicted, other hosts have them, or the host is retired. "
                        + "Ends with 1 and says what is left if that takes too long; the host goes on draining.");
        coordinator.declare(to);
        output.declare(to);
        host.declare(to);
        to.flag("--cancel", value -> cancel = value, "Let the host take part again. What it was ordered to delete stays ordered.");
        to.flag("--no-wait", value -> noWait = value, "Return at once; spillway hosts shows how far it is.");
        to.option("--timeout", "TIME", Duration.class, value -> timeout = value, "How long to wait, such as 5m (default: 10m).");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        if (cancel) {
            Hosts.DrainChanged answer = server.send(CoordinatorApi.CANCEL_DRAIN.at(host.id())).as(Hosts.DrainChanged.class);
            Hosts.Host now = look(server).as(Hosts.Host.class);
            say(
                    Server.mapper().valueToTree(answer).toString(),
                    now.openOrders() == 0 ? host.id() + " takes part again"
                            : "%s takes part again; %s ordered to be deleted".formatted(
                                    host.id(),
                                    HumanText.count(now.openOrders(), "copy stays", "copies stay")));
            return CommandOutcome.done();
        }
        server.send(CoordinatorApi.DRAIN_HOST.at(host.id())).as(Hosts.DrainChanged.class);
        Server.Answer last = noWait ? look(server) : await(server);
        Hosts.Host now = last.as(Hosts.Host.class);
        say(last.text(), host.id() + ": " + DrainProgress.of(now));
        return noWait ? CommandOutcome.done() : outcome(now);
    }

    private Server.Answer look(Server server) throws InterruptedException {
        return server.get(CoordinatorApi.GET_HOST.at(host.id()));
    }

    /** Returns the host once it is drained, no longer drains, or the time is over. */
    private Server.Answer await(Server server) throws InterruptedException {
        Patience patience = new Patience(timeout);
        boolean told = false;
        try {
            while (true) {
                Server.Answer answer = look(server);
                Hosts.Host now = answer.as(Hosts.Host.class);
                if (now.drain() == null || now.drain().drained() || patience.isOver()) {
                    return answer;
                }
                if (now.state() == Hosts.State.AWAY && !told) {
                    told = true;
                    console.err()
                            .printf(
                                    "%s is AWAY, heard %s: it deletes nothing until its worker runs again%n",
                                    host.id(),
                                    HumanText.ago(now.lastHeardAt()));
                }
                console.progress(host.id() + ": " + DrainProgress.of(now));
                patience.awaitNextLook();
            }
        } finally {
            console.progressEnded();
        }
    }

    private void say(String json, String text) {
        console.out().println(output.json() ? json : text);
    }

    private CommandOutcome outcome(Hosts.Host now) {
        Hosts.Drain drain = now.drain();
        if (drain == null) {
            return CommandOutcome.failed("%s is %s: somebody cancelled it, or retired the host".formatted(host.id(), now.state()));
        }
        if (!drain.drained()) {
            return CommandOutcome.failed(
                    "%s is not drained in %s; it goes on draining%s%s".formatted(
                            host.id(),
                            HumanText.length(timeout),
                            now.state() == Hosts.State.AWAY ? ", and is AWAY, heard " + HumanText.ago(now.lastHeardAt()) : "",
                            now.openOrders() == 0 ? "" : "; what it is still to delete: spillway hosts " + host.id() + " --orders"));
        }
        if (drain.lastCopies() > 0 && !output.json()) {
            console.out()
                    .printf(
                            "What no other host has stays here. To keep it put it on others, each image with --generation, and drain again; to give "
                                    + "it up: spillway retire %s%n",
                            host.id());
        } else if (!output.json()) {
            console.out().printf("To take it out of the fleet: spillway retire %s%n", host.id());
        }
        return CommandOutcome.done();
    }
}
