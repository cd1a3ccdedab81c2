package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.Artifacts;
import dev.spillway.api.body.Namespaces;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Figures of namespaces. */
final class Stats implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final WorkerOption worker = new WorkerOption(coordinator);
    private final Output output = new Output();
    private @Nullable NamespaceName namespace;
    private boolean artifacts;

    Stats(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("stats", "Show how namespaces are used.");
        worker.declare(to);
        output.declareWatched(to);
        to.flag("--artifacts", value -> artifacts = value, "Show what a worker counted of the artifacts of NS.");
        to.optional("0", "NS", NamespaceName.class, value -> namespace = value, "Only this namespace.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        if (artifacts) {
            return ofArtifacts();
        }
        Server server = coordinator.server();
        Server.Answer answer = server
                .get(namespace == null ? CoordinatorApi.LIST_NAMESPACES.at() : CoordinatorApi.GET_NAMESPACE.at(namespace));
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        List<Namespaces.Namespace> shown =
                namespace == null ? NamespacesCommand.all(answer) : List.of(answer.as(Namespaces.Namespace.class));
        Table table = new Table("NAMESPACE", ">ENTRIES", ">BYTES", ">HITS", ">MISSES", ">HIT RATE", "EVICTED");
        for (Namespaces.Namespace each : shown) {
            long reads = each.hits() + each.misses();
            String causes = each.evictions()
                    .entrySet()
                    .stream()
                    .sorted(Map.Entry.comparingByKey())
                    .map(cause -> cause.getValue() + " " + cause.getKey())
                    .collect(Collectors.joining(", "));
            table.row(
                    each.name(),
                    of(each.entries(), HumanText.number(each.maxEntries()), each.pinnedEntries(), HumanText.number(each.pinnedEntries())),
                    of(
                            HumanText.bytes(each.bytes()),
                            HumanText.bytes(each.maxBytes()),
                            each.pinnedEntries(),
                            HumanText.bytes(each.pinnedBytes())),
                    each.hits(),
                    each.misses(),
                    reads == 0 ? HumanText.NONE : Advise.percent((double) each.hits() / reads),
                    causes.isEmpty() ? HumanText.NONE : causes);
        }
        table.print(console);
        return CommandOutcome.done();
    }

    private CommandOutcome ofArtifacts() throws InterruptedException {
        if (namespace == null) {
            return CommandOutcome.wrongUsage("--artifacts: without NS (expected: a namespace of artifacts)");
        }
        Server.Answer answer = worker.server().get(WorkerApi.GET_ARTIFACT_STATS.at(namespace));
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        Artifacts.Stats stats = answer.as(Artifacts.Stats.class);
        Artifacts.HostStats host = stats.host();
        Table table = new Table("ARTIFACTS", namespace.value());
        table.row("of the namespace, on this host", stats.entries() + ", " + HumanText.bytes(stats.bytes()));
        table.row("on this host", host.entries() + ", " + HumanText.bytes(host.cachedBytes()));
        table.row("lookups", host.lookups());
        table.row("hits", "%d, %.1f %%".formatted(host.hits(), host.hitRatePpm() / 10_000.0));
        table.row("misses", host.misses());
        table.row("damaged", host.damaged());
        table.row("puts", host.puts());
        table.row("puts without room", host.rejectedPuts());
        table.row("puts refused by the registry later", host.refusedPuts());
        table.row("evicted for the host's own limits", host.evictions() + ", " + HumanText.bytes(host.evictedBytes()));
        table.row("flushes", host.flushes());
        table.row("failed flushes", host.flushErrors());
        table.print(console);
        return CommandOutcome.done();
    }

    /** Formats used and limit. The used number includes pinned entries, which count for no limit. */
    private static String of(Object used, String limit, long pinnedEntries, String pinned) {
        return used + (limit.equals(HumanText.NONE) ? "" : " of " + limit) + (pinnedEntries == 0 ? "" : ", " + pinned + " pinned");
    }
}
