package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CommonApi;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Orders;
import dev.spillway.api.body.RegistryStatus;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.DrainProgress;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.OrderSummary;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.HostId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The hosts of the fleet. */
final class HostsCommand implements ClientCommand {
    private static final long ORDERS_DEFAULT = 100;
    /**
     * Parts whose items are expected to be done at once. Orders are not among them, because they can be open for long for good reasons and are shown
     * with their hosts.
     */
    private static final Set<String> EXPECTED_AT_ONCE = Set.of("facts", "events");
    private static final Duration LATE = Duration.ofMinutes(1);

    private final Console console;
    @SuppressWarnings("NullAway.Init") // by declare
    private CommandSpec spec;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private @Nullable HostId host;
    private boolean orders;
    private Values.@Nullable Count limit;

    HostsCommand(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("hosts", "List the hosts of the fleet, show one, or list what one is still ordered to delete.");
        spec = to.spec();
        coordinator.declare(to);
        output.declareWatched(to);
        to.optional("0", "HOST", HostId.class, value -> host = value, "Only this host, with all that is known of it.");
        to.flag(
                "--orders",
                value -> orders = value,
                "The open orders of this host instead, oldest first: those of evictions, of orphans, and of copies that a drain relieves it of.");
        to.option("--limit", "N", Values.Count.class, value -> limit = value, "At most so many orders (default: 100).");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        if (limit != null && !orders) {
            throw new ParameterException(spec.commandLine(), "--limit: given without --orders (expected: both, or neither)");
        }
        if (orders) {
            listOrders();
            return CommandOutcome.done();
        }
        Server server = coordinator.server();
        List<Hosts.JoinRefusal> refusals = refusals(server);
        Server.Answer readiness = server.getReadiness(CommonApi.READINESS.at());
        Server.Answer answer;
        try {
            answer = server.get(host == null ? CoordinatorApi.LIST_HOSTS.at() : CoordinatorApi.GET_HOST.at(host));
        } catch (CommandFailedException e) {
            // A worker that never joined is not a host, but its refusal is shown all the same.
            tellRefused(refusals);
            throw e;
        }
        if (output.json()) {
            ObjectNode all = answer.as(ObjectNode.class);
            all.set("refusals", Server.mapper().valueToTree(refusals));
            all.set("readiness", readiness.as(ObjectNode.class));
            console.out().println(all);
        } else if (host == null) {
            print(answer.listOf(Hosts.Host.class).items());
            printRefused(refusals);
            printTroubled(readiness.as(Status.Readiness.class));
            explain(server.get(CoordinatorApi.GET_REGISTRY.at()).as(RegistryStatus.class));
        } else {
            print(answer.as(Hosts.Host.class));
            printRefused(refusals);
        }
        return CommandOutcome.done();
    }

    /** Returns the refusals of the requested host, or all refusals, including those of workers that never joined. */
    private List<Hosts.JoinRefusal> refusals(Server server) throws InterruptedException {
        return server.get(CoordinatorApi.LIST_REFUSALS.at())
                .listOf(Hosts.JoinRefusal.class)
                .items()
                .stream()
                .filter(refusal -> host == null || refusal.hostId().equals(host))
                .toList();
    }

    private void tellRefused(List<Hosts.JoinRefusal> refusals) {
        if (!output.json()) {
            printRefused(refusals);
        } else if (!refusals.isEmpty()) {
            console.out().println(Server.mapper().createObjectNode().set("refusals", Server.mapper().valueToTree(refusals)));
        }
    }

    private void printRefused(List<Hosts.JoinRefusal> refusals) {
        if (refusals.isEmpty()) {
            return;
        }
        console.out().println();
        Table table = new Table("REFUSED", "ADDRESS", "STORE", "ASKED", "WHY, AND WHAT TO DO");
        for (Hosts.JoinRefusal refusal : refusals) {
            table.row(
                    refusal.hostId(),
                    refusal.address(),
                    refusal.storeId(),
                    HumanText.ago(refusal.refusedAt()),
                    refusal.reason() + ": " + refusal.detail());
        }
        table.print(console);
    }

    /** Prints the parts of the coordinator that are not ready, are late, or have a remark. */
    private void printTroubled(Status.Readiness readiness) {
        List<Status.Part> troubled = readiness.parts()
                .stream()
                .filter(part -> !part.ready() || part.remark() != null || isLate(part))
                .toList();
        if (troubled.isEmpty()) {
            return;
        }
        console.out().println();
        Table table = new Table("COORDINATOR", "OLDEST", "ATTENTION");
        for (Status.Part part : troubled) {
            table.row(part.name(), part.age() == null ? HumanText.NONE : HumanText.span(part.age()) + " ago", attention(part));
        }
        table.print(console);
    }

    private static boolean isLate(Status.Part part) {
        return part.age() != null && part.age().compareTo(LATE) > 0 && EXPECTED_AT_ONCE.contains(part.name());
    }

    private static String attention(Status.Part part) {
        String state = !part.ready() ? "not ready" + (part.why() == null ? "" : ": " + part.why()) : isLate(part) ? "late" : "";
        String remark = part.remark();
        return remark == null ? state : state.isEmpty() ? remark : state + "; " + remark;
    }

    private void listOrders() throws InterruptedException {
        if (host == null) {
            throw new ParameterException(spec.commandLine(), "--orders: given without a host (expected: HOST --orders)");
        }
        Server server = coordinator.server();
        long most = limit == null ? ORDERS_DEFAULT : limit.number();
        Pages pages = Pages.fetch(server, CoordinatorApi.LIST_ORDERS_OF_HOST.at(host), most);
        if (output.json()) {
            pages.printJson(console.out());
            return;
        }
        Hosts.Host of = server.get(CoordinatorApi.GET_HOST.at(host)).as(Hosts.Host.class);
        new OrderSummary(of, pages.as(Orders.OpenOrder.class)).print(console.out());
    }

    private void print(List<Hosts.Host> hosts) {
        Table table = new Table("HOST", "STATE", "ADDRESS", ">REPLICAS", ">BYTES", ">OPEN ORDERS", "OLDEST", "HEARD", "ATTENTION");
        for (Hosts.Host each : hosts) {
            table.row(
                    each.id(),
                    each.state(),
                    each.address(),
                    each.replicas(),
                    HumanText.bytes(each.bytes()),
                    each.openOrders(),
                    HumanText.ago(each.oldestOpenOrderAt()),
                    HumanText.ago(each.lastHeardAt()),
                    attention(each));
        }
        table.print(console);
    }

    /** Explains states of the registry that concern also hosts that it does not know. */
    private void explain(RegistryStatus registry) {
        if (registry.behind() != null) {
            console.out()
                    .printf(
                            "%nThe registry knows generations up to %d, and a host that it refused has seen %d: the database was restored from an "
                                    + "older state. Nothing on that host is touched. Say so: spillway restored%n",
                            registry.generation(),
                            registry.behind().generation());
        }
    }

    private void print(Hosts.Host each) {
        Table table = new Table("HOST", each.id().value());
        table.row("state", each.state());
        table.row("address", each.address());
        table.row("store", each.storeId());
        table.row("incarnation", each.incarnation());
        table.row("partition", each.partition());
        table.row("heard", HumanText.ago(each.lastHeardAt()));
        table.row("reconciled", HumanText.ago(each.lastReconciledAt()));
        table.row("replicas registered", each.replicas() + ", " + HumanText.bytes(each.bytes()));
        if (each.state() != Hosts.State.RETIRED) {
            table.row("replicas in its index", each.figures().replicas() + ", " + HumanText.bytes(each.figures().bytes()));
            table.row("held", each.figures().held());
            table.row("in the trash", each.figures().trash());
            table.row(
                    "free on the disk",
                    HumanText.bytes(each.figures().freeBytes())
                            + (each.figures().freeInodes() == null ? "" : ", " + each.figures().freeInodes() + " inodes"));
        }
        table.row(
                "open orders",
                each.openOrders() == 0 ? 0
                        : "%d, oldest %s (spillway hosts %s --orders)"
                                .formatted(each.openOrders(), HumanText.ago(each.oldestOpenOrderAt()), each.id()));
        if (each.drain() != null) {
            table.row("draining since", HumanText.time(each.drain().since()));
            table.row(
                    "last copies",
                    each.drain().lastCopies() + ", " + HumanText.bytes(each.drain().lastCopyBytes()) + ", counted "
                            + HumanText.ago(each.drain().countedAt()));
        }
        table.row("attention", attention(each));
        table.print(console);
    }

    /** Returns what needs an operator, or otherwise the progress of a drain. */
    private static String attention(Hosts.Host host) {
        if (host.attention() != null) {
            return host.attention();
        }
        return host.drain() == null ? HumanText.NONE : DrainProgress.of(host);
    }
}
