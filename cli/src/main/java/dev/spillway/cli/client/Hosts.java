package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.http.HostAnswer;
import dev.spillway.coordinator.http.RegistryAnswer;
import dev.spillway.events.HostId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The hosts of the fleet. */
@Command(name = "hosts", description = "List the hosts of the fleet, or show one.")
final class Hosts implements SpillwayCommand {
    private final Console console;
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Parameters(paramLabel = "HOST", arity = "0..1", description = "Only this host, with all that is known of it.")
    private @Nullable HostId host;

    Hosts(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = coordinator.server();
        Server.Answer answer = server.get(host == null ? Resource.of("v1", "hosts") : Resource.of("v1", "hosts", host));
        if (output.json()) {
            console.out().println(answer.text());
        } else if (host == null) {
            print(answer.listOf(HostAnswer.class).items());
            explain(server.get(Resource.of("v1", "registry")).as(RegistryAnswer.class));
        } else {
            print(answer.as(HostAnswer.class));
        }
        return Outcome.done();
    }

    private void print(List<HostAnswer> hosts) {
        Table table = new Table("HOST", "STATE", "ADDRESS", ">REPLICAS", ">BYTES", ">OPEN ORDERS", "OLDEST", "HEARD", "ATTENTION");
        for (HostAnswer each : hosts) {
            table.row(each.id(), each.state(), each.address(), each.replicas(), Text.bytes(each.bytes()), each.openOrders(),
                    Text.ago(each.oldestOpenOrderAt()), Text.ago(each.lastHeardAt()),
                    attention(each));
        }
        table.print(console.out());
    }

    /** What concerns hosts that the registry may not even know. */
    private void explain(RegistryAnswer registry) {
        if (registry.behind() != null) {
            console.out()
                    .printf("%nThe registry knows generations up to %d, and a host that it refused has seen %d: the database was restored from an "
                            + "older state. Nothing on that host is touched. Say so: spillway restored%n", registry.generation(),
                            registry.behind().generation());
        }
    }

    private void print(HostAnswer each) {
        Table table = new Table("HOST", each.id().value());
        table.row("state", each.state());
        table.row("address", each.address());
        table.row("store", each.storeId());
        table.row("incarnation", each.incarnation());
        table.row("partition", each.partition());
        table.row("heard", Text.ago(each.lastHeardAt()));
        table.row("reconciled", Text.ago(each.lastReconciledAt()));
        table.row("replicas registered", each.replicas() + ", " + Text.bytes(each.bytes()));
        table.row("replicas on the disk", each.figures().replicas() + ", " + Text.bytes(each.figures().bytes()));
        table.row("held", each.figures().held());
        table.row("in the trash", each.figures().trash());
        table.row("free on the disk", Text.bytes(each.figures().freeBytes()));
        table.row("open orders", each.openOrders() + (each.openOrders() == 0 ? "" : ", oldest " + Text.ago(each.oldestOpenOrderAt())));
        if (each.drain() != null) {
            table.row("draining since", Text.time(each.drain().since()));
            table.row("last copies", each.drain().lastCopies() + ", " + Text.bytes(each.drain().lastCopyBytes()));
        }
        table.row("attention", attention(each));
        table.print(console.out());
    }

    /** What waits for a person; of a host that drains, how far it is, unless something else does. */
    private static String attention(HostAnswer host) {
        if (host.attention() != null) {
            return host.attention();
        }
        return host.drain() == null ? Text.NONE : DrainProgress.of(host);
    }
}
