package dev.spillway.cli.client;

import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.Holds;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.HoldParameter;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import org.jspecify.annotations.Nullable;

/** Holds of a worker. */
final class HoldsCommand {
    private HoldsCommand() {}

    static final class Ls implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final Output output = new Output();

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("ls", "List the holds of a worker.");
            worker.declare(to);
            output.declareWatched(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Pages pages = Pages.fetch(worker.server(), WorkerApi.LIST_HOLDS.at(), Long.MAX_VALUE);
            if (output.json()) {
                pages.printJson(console.out());
                return CommandOutcome.done();
            }
            Table table = new Table("HOLD", "UNTIL", "NAMESPACE", "KEY", ">GENERATION", "STATE", "OWNER");
            for (Holds.Held held : pages.as(Holds.Held.class)) {
                table.row(
                        held.id(),
                        HumanText.time(held.until()),
                        shown(held.namespace()),
                        shown(held.key()),
                        HumanText.number(held.generation()),
                        shown(held.state()),
                        shown(held.owner()));
            }
            table.print(console);
            return CommandOutcome.done();
        }

        private static String shown(@Nullable Object value) {
            return value == null ? HumanText.NONE : value.toString();
        }
    }

    static final class Extend implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final Output output = new Output();
        private final HoldParameter hold = new HoldParameter();
        private Values.TimeSpan length = new Values.TimeSpan("10m");

        Extend(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("extend", "Let a hold last for so long from now on.");
            worker.declare(to);
            output.declare(to);
            hold.declare(to);
            to.option("--for", "TIME", Values.TimeSpan.class, value -> length = value, "Such as PT10M or 10m.").required(true);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = worker.server().send(WorkerApi.EXTEND_HOLD.at(hold.id()), new Holds.Extend(null, length.text()));
            console.out()
                    .println(
                            output.json() ? answer.text()
                                    : "hold " + hold.id() + " until " + HumanText.time(answer.as(Holds.Held.class).until()));
            return CommandOutcome.done();
        }
    }

    static final class Release implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final HoldParameter hold = new HoldParameter();

        Release(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("release", "End a hold; what was evicted meanwhile is deleted then.");
            worker.declare(to);
            hold.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            worker.server().order(WorkerApi.RELEASE_HOLD.at(hold.id()));
            console.out().println("released " + hold.id());
            return CommandOutcome.done();
        }
    }
}
