package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Plans;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.ProgressLine;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.NamespaceParameter;
import dev.spillway.cli.option.PlanParameter;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Commands on plans: list, show and apply. */
final class PlansCommand {
    private PlansCommand() {}

    static final class Prune implements ClientCommand {
        private final Console console;
        @SuppressWarnings("NullAway.Init") // by declare
        private CommandSpec spec;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final NamespaceParameter namespace = new NamespaceParameter();
        private @Nullable Long maxEntries;
        private Values.@Nullable Bytes maxBytes;
        private Values.@Nullable TimeSpan idleFor;
        private @Nullable EntryKey prefix;
        private boolean dryRun;
        private @Nullable String worker;

        Prune(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe(
                    "prune",
                    "Evict what is idle too long, and more in the order of eviction until what is left is within the bounds. "
                            + "More than the namespace's share is not evicted but planned; apply the plan to go on.");
            spec = to.spec();
            coordinator.declare(to);
            output.declare(to);
            namespace.declare(to);
            to.option("--max-entries", "N", Long.class, value -> maxEntries = value, "Leave at most so many entries, 0 for none.");
            to.option("--max-bytes", "B", Values.Bytes.class, value -> maxBytes = value, "Leave at most so many bytes, such as 10GiB.");
            to.option(
                    "--idle-for",
                    "TIME",
                    Values.TimeSpan.class,
                    value -> idleFor = value,
                    "Evict what was not used for so long, such as 7d.");
            to.option("--prefix", "TEXT", EntryKey.class, value -> prefix = value, "Count and evict only keys that begin with it.");
            to.flag("--dry-run", value -> dryRun = value, "Only make the plan.");
            to.option(
                    "--worker",
                    "WORKER",
                    String.class,
                    value -> worker = value,
                    "Ask through this worker: what it holds goes last. With --max-entries and --max-bytes alone.");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            if (maxEntries == null && maxBytes == null && idleFor == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "no bound given (expected: at least one of --max-entries, --max-bytes and --idle-for)");
            }
            if (worker != null) {
                return prune(WorkerOption.server(worker, coordinator, spec));
            }
            Plans.Prune body =
                    new Plans.Prune(
                            maxEntries,
                            maxBytes == null ? null : maxBytes.count(),
                            idleFor == null ? null : idleFor.text(),
                            prefix,
                            dryRun ? true : null);
            Server server = coordinator.server();
            return finish(server, server.send(CoordinatorApi.PRUNE_NAMESPACE.at(namespace.name()), body), console, output);
        }

        private CommandOutcome prune(Server asked) throws InterruptedException {
            if (idleFor != null || prefix != null || dryRun) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--worker beside --idle-for, --prefix or --dry-run (expected: with --max-entries and --max-bytes alone)");
            }
            Server.Answer answer = asked.send(
                    WorkerApi.PRUNE_DIRECTORIES.at(namespace.name()),
                    new CachedDirectories.Prune(maxEntries, maxBytes == null ? null : maxBytes.count()));
            console.out()
                    .println(
                            output.json() ? answer.text()
                                    : "evicted " + HumanText.count(answer.as(CachedDirectories.Pruned.class).evicted(), "entry", "entries")
                                            + " from "
                                            + namespace.name());
            return CommandOutcome.done();
        }
    }

    static final class Ls implements ClientCommand {
        private final Console console;
        private final Listing listing = Listing.ofHundred();
        private @Nullable NamespaceName namespace;

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("ls", "List plans, newest first.");
            listing.declare(to);
            to.option("--namespace", "NS", NamespaceName.class, value -> namespace = value, "Only of this namespace.");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            return listing.print(CoordinatorApi.LIST_PLANS.at().with("namespace", namespace), console, this::print);
        }

        private void print(Pages pages) {
            Table table = new Table("MADE", "NAMESPACE", "FOR", "STATE", ">VICTIMS", ">ENTRIES", ">BYTES", ">EVICTED", "EXPIRES", "ID");
            for (Plans.Plan plan : pages.as(Plans.Plan.class)) {
                table.row(
                        HumanText.ago(plan.createdAt()),
                        plan.namespace(),
                        plan.purpose() instanceof Plans.ToPrune ? "PRUNE" : "POLICY",
                        plan.state(),
                        plan.victimCount(),
                        plan.namespaceEntries(),
                        HumanText.bytes(plan.victimBytes()),
                        plan.applied() == null ? HumanText.NONE : plan.applied().evicted(),
                        HumanText.time(plan.expiresAt()),
                        plan.id());
            }
            table.print(console);
        }
    }

    static final class Apply implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final PlanParameter plan = new PlanParameter();

        Apply(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("apply", "Evict what a plan named, unless it was used, replaced, pinned or deleted since.");
            coordinator.declare(to);
            output.declare(to);
            plan.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server server = coordinator.server();
            return finish(server, server.send(CoordinatorApi.APPLY_PLAN.at(plan.id())), console, output);
        }
    }

    static final class Show implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final PlanParameter plan = new PlanParameter();

        Show(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("show", "Show a plan: its victims, or what became of them.");
            coordinator.declare(to);
            output.declare(to);
            plan.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            print(coordinator.server().get(CoordinatorApi.GET_PLAN.at(plan.id())), console, output);
            return CommandOutcome.done();
        }
    }

    /** Applies a plan until it is finished. One request works for a bounded time, so it may have to be repeated. */
    private static CommandOutcome finish(Server server, Server.Answer first, Console console, Output output) throws InterruptedException {
        Server.Answer answer = first;
        Plans.Plan plan = answer.as(Plans.Plan.class);
        ProgressLine progress = new ProgressLine(console, Long::toString);
        try {
            while (plan.state() == Plans.State.APPLYING) {
                long left = plan.applied() == null ? plan.victimCount() : plan.applied().remaining();
                progress.show("dealt with", plan.victimCount() - left, plan.victimCount());
                answer = goOn(server, plan);
                plan = answer.as(Plans.Plan.class);
            }
        } finally {
            progress.end();
        }
        print(answer, console, output);
        return CommandOutcome.done();
    }

    private static Server.Answer goOn(Server server, Plans.Plan begun) throws InterruptedException {
        try {
            return server.send(CoordinatorApi.APPLY_PLAN.at(begun.id()));
        } catch (CommandFailedException e) {
            throw e.after(
                    "plan %s: evicted %s".formatted(
                            begun.id(),
                            HumanText.count(begun.applied() == null ? 0 : begun.applied().evicted(), "entry", "entries")));
        }
    }

    private static void print(Server.Answer answer, Console console, Output output) {
        if (output.json()) {
            console.out().println(answer.text());
            return;
        }
        Plans.Plan plan = answer.as(Plans.Plan.class);
        Plans.Applied applied = plan.applied();
        if (applied == null) {
            console.out()
                    .printf(
                            "plan %s: evict %s of %d (%s) from %s%n",
                            plan.id(),
                            HumanText.count(plan.victimCount(), "entry", "entries"),
                            plan.namespaceEntries(),
                            HumanText.bytes(plan.victimBytes()),
                            plan.namespace());
            if (plan.hitRateCost() != null) {
                console.out()
                        .println(
                                "costs about %.1f points of the hit rate until %s has grown again".formatted(
                                        100 * plan.hitRateCost(),
                                        plan.namespace()));
            }
            if (plan.purpose() instanceof Plans.ToSetPolicy(var change)) {
                console.out().println("and then set " + changed(change, answer.json().path("purpose").path("change")));
            }
        } else {
            console.out()
                    .printf(
                            "plan %s: evicted %s (%s) from %s%s%n",
                            plan.id(),
                            HumanText.count(applied.evicted(), "entry", "entries"),
                            HumanText.bytes(applied.evictedBytes()),
                            plan.namespace(),
                            kept(applied));
        }
        List<Plans.Victim> victims = plan.victims() == null ? List.of() : plan.victims();
        if (!victims.isEmpty()) {
            Table table = new Table(">NUMBER", "KEY", ">GENERATION", ">BYTES", "REASON", "OUTCOME");
            for (Plans.Victim victim : victims) {
                table.row(
                        victim.number(),
                        victim.key(),
                        victim.generation(),
                        HumanText.bytes(victim.sizeBytes()),
                        victim.reason(),
                        victim.outcome() == null ? HumanText.NONE : victim.outcome());
            }
            table.print(console);
        }
        if (plan.next() != null) {
            console.out().println("and more: GET /v1/plans/" + plan.id() + "/victims");
        }
        if (applied == null && plan.victimCount() > 0) {
            console.out().println("until " + HumanText.time(plan.expiresAt()) + ": spillway plans apply " + plan.id());
        }
    }

    private static String changed(Plans.PolicyChange change, JsonNode values) {
        return change.given()
                .stream()
                .map(
                        name -> name + " "
                                + (values.path(name).isValueNode() && !values.path(name).isNull() ? values.path(name).asText() : "to none"))
                .collect(Collectors.joining(", "));
    }

    private static String kept(Plans.Applied applied) {
        StringBuilder kept = new StringBuilder();
        say(kept, applied.gone(), "gone before");
        say(kept, applied.replaced(), "replaced since");
        say(kept, applied.pinned(), "pinned since");
        say(kept, applied.used(), "used since");
        say(kept, applied.beyond() == null ? 0 : applied.beyond(), "more that came since evicted too");
        say(kept, applied.remaining(), "to go");
        return kept.toString();
    }

    private static void say(StringBuilder text, long number, String what) {
        if (number > 0) {
            text.append(", ").append(number).append(' ').append(what);
        }
    }
}
