package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Hosts;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.EntryParameters;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.HostId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** Has hosts take a copy of a tree before it is needed there. */
final class Warm implements ClientCommand {
    private static final long AT_ONCE_DEFAULT = 8;

    private final Console console;
    @SuppressWarnings("NullAway.Init") // by declare
    private CommandSpec spec;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final EntryParameters entry = new EntryParameters();
    private final List<HostId> hosts = new ArrayList<>();
    private Values.Count atOnce = new Values.Count(AT_ONCE_DEFAULT);

    /**
     * The outcome of one host.
     *
     * @param copy  null if there is none
     * @param error reason why there is none; null if there is
     */
    private record Warmed(HostId host, CachedDirectories.@Nullable Found copy, @Nullable CommandOutcome error) {}

    Warm(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "warm",
                "Have hosts take a copy of a stored directory from those that have one, so that a later get finds it there. "
                        + "Ends with 1 if a host has no copy afterwards, and says why.");
        spec = to.spec();
        coordinator.declare(to);
        output.declare(to);
        entry.declare(to);
        to.repeated("--hosts", "HOST", HostId.class, hosts, "The hosts, separated by commas (default: all that are ACTIVE).")
                .splitRegex(",");
        to.option(
                "--at-once",
                "N",
                Values.Count.class,
                value -> atOnce = value,
                "Hosts that copy at the same time (default: " + AT_ONCE_DEFAULT + "). Those that have a copy give it to the next ones.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        List<HostId> named = hosts.isEmpty() ? active() : hosts.stream().distinct().toList();
        List<Warmed> all = warm(named);
        List<CommandOutcome> failed = all.stream().flatMap(one -> Stream.ofNullable(one.error())).toList();
        if (output.json()) {
            ArrayNode items = Server.mapper().createArrayNode();
            all.forEach(one -> items.add(json(one)));
            console.out().println(Server.mapper().createObjectNode().set("items", items));
        } else {
            Table table = new Table("HOST", "COPY", ">SIZE", "ATTENTION");
            all.forEach(
                    one -> table.row(
                            one.host(),
                            one.copy() == null ? "none" : one.copy().source() == CachedDirectories.Source.PEER ? "taken" : "was there",
                            one.copy() == null ? HumanText.NONE : HumanText.bytes(one.copy().sizeBytes()),
                            one.error() == null ? HumanText.NONE : one.error().line()));
            table.print(console);
        }
        if (failed.isEmpty()) {
            return CommandOutcome.done();
        }
        int code = failed.getFirst().exitCode();
        boolean same = failed.size() == all.size() && failed.stream().allMatch(one -> one.exitCode() == code);
        String line = "%d of %s without a copy".formatted(failed.size(), HumanText.count(all.size(), "host", "hosts"));
        return same ? new CommandOutcome(code, line) : CommandOutcome.failed(line);
    }

    private List<HostId> active() throws InterruptedException {
        List<HostId> active = coordinator.server()
                .get(CoordinatorApi.LIST_HOSTS.at())
                .listOf(Hosts.Host.class)
                .items()
                .stream()
                .filter(host -> host.state() == Hosts.State.ACTIVE)
                .map(Hosts.Host::id)
                .toList();
        if (active.isEmpty()) {
            throw new CommandFailedException(
                    CommandOutcome.failed("no host is ACTIVE (expected: one that runs; spillway hosts lists them)"));
        }
        return active;
    }

    private List<Warmed> warm(List<HostId> named) throws InterruptedException {
        List<Future<Warmed>> copying = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool((int) Math.min(atOnce.number(), named.size()))) {
            try {
                // Servers are not thread-safe, so each host's address is found before its thread begins.
                for (HostId host : named) {
                    try {
                        Server worker = WorkerOption.server(host.value(), coordinator, spec);
                        copying.add(threads.submit(() -> warm(host, worker)));
                    } catch (CommandFailedException e) {
                        copying.add(CompletableFuture.completedFuture(new Warmed(host, null, e.outcome())));
                    }
                }
                List<Warmed> all = new ArrayList<>();
                for (Future<Warmed> one : copying) {
                    all.add(awaited(one, copying));
                }
                return all;
            } finally {
                console.progressEnded();
                threads.shutdownNow();
            }
        }
    }

    private Warmed awaited(Future<Warmed> one, List<Future<Warmed>> all) throws InterruptedException {
        while (true) {
            try {
                return one.get(500, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                long done = all.stream().filter(Future::isDone).count();
                console.progress("%d of %s done".formatted(done, HumanText.count(all.size(), "host", "hosts")));
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    private Warmed warm(HostId host, Server worker) throws InterruptedException {
        try {
            return new Warmed(
                    host,
                    worker.get(WorkerApi.GET_DIRECTORY.at(entry.namespace(), entry.key()).with("fresh", true), Put.COPY)
                            .as(CachedDirectories.Found.class),
                    null);
        } catch (CommandFailedException e) {
            return new Warmed(host, null, e.outcome());
        }
    }

    private static ObjectNode json(Warmed one) {
        ObjectNode json = Server.mapper().createObjectNode().put("host", one.host().value());
        if (one.copy() != null) {
            json.put("source", Values.name(one.copy().source()))
                    .put("generation", one.copy().generation())
                    .put("sizeBytes", one.copy().sizeBytes());
        }
        if (one.error() != null) {
            json.put("error", one.error().line());
        }
        return json;
    }
}
