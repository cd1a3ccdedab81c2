package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Orders;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.ProgressLine;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.NamespaceParameter;
import dev.spillway.cli.option.Patience;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.TypedName;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.events.HostId;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Evicts everything in a namespace and waits until every host has confirmed. */
final class Clean implements ClientCommand {
    private static final int NAMED = 20;

    /** The result as JSON. */
    record Cleaned(long evicted, List<Unconfirmed> unconfirmed) {}

    /**
     * A copy that its host has not confirmed to be deleted.
     *
     * @param hostId absent for copies that have no order yet, because their entry has very many
     */
    record Unconfirmed(@Nullable HostId hostId, String key, String snapshotId, long generation, String state, int attempts) {
        String host() {
            return hostId == null ? "more hosts" : hostId.toString();
        }

        String line() {
            return "%s: %s, snapshot %s, generation %d, %s after %s".formatted(
                    host(),
                    HumanText.printable(key),
                    HumanText.printable(snapshotId),
                    generation,
                    state,
                    HumanText.count(attempts, "attempt", "attempts"));
        }
    }

    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final NamespaceParameter namespace = new NamespaceParameter();
    private boolean yes;
    private Duration timeout = Duration.ofMinutes(10);

    Clean(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "clean",
                "Evict every entry of a namespace and wait until every host has confirmed. "
                        + "Ends with 1 and names hosts and images if some have not in time; they stay ordered to be deleted.");
        coordinator.declare(to);
        output.declare(to);
        namespace.declare(to);
        to.flag("--yes", value -> yes = value, "Do not ask.");
        to.option(
                "--timeout",
                "TIME",
                Duration.class,
                value -> timeout = value,
                "How long to wait for the hosts, such as 5m (default: 10m).");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        Namespaces.Namespace before = server.get(CoordinatorApi.GET_NAMESPACE.at(namespace.name())).as(Namespaces.Namespace.class);
        if (!yes) {
            ask(before);
        }
        Patience patience = new Patience(timeout);
        try {
            long evicted = evict(server, before.entries(), patience);
            List<Unconfirmed> left = awaitHosts(server, patience);
            console.progressEnded();
            return report(new Cleaned(evicted, left));
        } finally {
            console.progressEnded();
        }
    }

    private void ask(Namespaces.Namespace before) {
        String name = namespace.name().value();
        new TypedName(name, "nothing was cleaned").require(
                console,
                "This evicts %s (%s) of %s from every host, pinned ones too. Type the name of the namespace to go on: ".formatted(
                        HumanText.count(before.entries(), "entry", "entries"),
                        HumanText.bytes(before.bytes()),
                        name));
    }

    private long evict(Server server, long entries, Patience patience) throws InterruptedException {
        long evicted = 0;
        ProgressLine progress = new ProgressLine(console, Long::toString);
        while (true) {
            Namespaces.Cleaned step = step(server, evicted);
            evicted += step.evicted();
            progress.show("evicted", evicted, Math.max(entries, evicted + step.remaining()));
            if (step.remaining() == 0) {
                return evicted;
            }
            if (patience.isOver()) {
                throw new CommandFailedException(
                        CommandOutcome.failed(
                                "not clean in %s: evicted %d, %d still there, others put meanwhile"
                                        .formatted(HumanText.length(timeout), evicted, step.remaining())));
            }
        }
    }

    private Namespaces.Cleaned step(Server server, long evictedBefore) throws InterruptedException {
        try {
            return server.send(CoordinatorApi.CLEAN_NAMESPACE.at(namespace.name()), new Namespaces.Clean(namespace.name().value()))
                    .as(Namespaces.Cleaned.class);
        } catch (CommandFailedException e) {
            throw evictedBefore == 0 ? e : e.after("evicted " + HumanText.count(evictedBefore, "entry", "entries"));
        }
    }

    /** Returns the copies that are not confirmed when the time is over; empty as soon as all are. */
    private List<Unconfirmed> awaitHosts(Server server, Patience patience) throws InterruptedException {
        while (true) {
            List<Unconfirmed> open = open(server);
            if (open.isEmpty() || patience.isOver()) {
                return open;
            }
            TreeMap<String, Long> byHost =
                    open.stream().collect(Collectors.groupingBy(Unconfirmed::host, TreeMap::new, Collectors.counting()));
            console.progress(
                    "waiting for " + byHost.entrySet()
                            .stream()
                            .map(host -> host.getKey() + " (" + host.getValue() + ")")
                            .collect(Collectors.joining(", ")));
            patience.awaitNextLook();
        }
    }

    private List<Unconfirmed> open(Server server) throws InterruptedException {
        RequestTarget list = CoordinatorApi.LIST_EVICTIONS.at().with("state", "open").with("namespace", namespace.name());
        return Pages.fetch(server, list, Long.MAX_VALUE)
                .as(Evictions.Eviction.class)
                .stream()
                .flatMap(Clean::unconfirmed)
                .toList();
    }

    private static Stream<Unconfirmed> unconfirmed(Evictions.Eviction eviction) {
        List<Unconfirmed> ordered =
                eviction.orders().stream().filter(order -> order.closedAt() == null).map(order -> unconfirmed(eviction, order)).toList();
        return ordered.isEmpty()
                ? Stream.of(
                        new Unconfirmed(null, eviction.key().value(), eviction.snapshotId().value(), eviction.generation(), "UNORDERED", 0))
                : ordered.stream();
    }

    private static Unconfirmed unconfirmed(Evictions.Eviction eviction, Orders.ReplicaOrder order) {
        String state = order.deferredUntil() == null ? order.state().name()
                : order.state() + " until " + HumanText.time(order.deferredUntil()) + " by a hold";
        if (order.waitsFor() != null) {
            state += " for " + HumanText.printable(order.waitsFor());
        }
        return new Unconfirmed(
                order.hostId(),
                eviction.key().value(),
                eviction.snapshotId().value(),
                eviction.generation(),
                order.lastError() == null ? state : state + ", " + HumanText.printable(order.lastError()),
                order.attempts());
    }

    private CommandOutcome report(Cleaned cleaned) {
        if (output.json()) {
            console.out().println(Server.mapper().valueToTree(cleaned).toString());
        } else {
            console.out()
                    .println(
                            "evicted " + HumanText.count(cleaned.evicted(), "entry", "entries")
                                    + (cleaned.unconfirmed().isEmpty() ? ", and every host has confirmed" : ""));
        }
        if (cleaned.unconfirmed().isEmpty()) {
            return CommandOutcome.done();
        }
        cleaned.unconfirmed().stream().limit(NAMED).forEach(image -> console.err().println(image.line()));
        if (cleaned.unconfirmed().size() > NAMED) {
            console.err().println("and " + (cleaned.unconfirmed().size() - NAMED) + " more");
        }
        return CommandOutcome.failed(
                "%s not confirmed in %s; they stay ordered to be deleted"
                        .formatted(HumanText.count(cleaned.unconfirmed().size(), "image", "images"), HumanText.length(timeout)));
    }
}
