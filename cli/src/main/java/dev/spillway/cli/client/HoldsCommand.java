package dev.spillway.cli.client;

import dev.spillway.api.Holds;
import dev.spillway.api.WorkerApi;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.Outcome;
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
        public Outcome call() throws InterruptedException {
            Pages pages = Pages.fetch(worker.server(), WorkerApi.LIST_HOLDS.at(), Long.MAX_VALUE);
            if (output.json()) {
                pages.printJson(console.out());
                return Outcome.done();
            }
            Table table = new Table("HOLD", "UNTIL", "NAMESPACE", "KEY", ">GENERATION", "STATE", "OWNER");
            for (Holds.Held held : pages.as(Holds.Held.class)) {
                table.row(held.id(), Text.time(held.until()), shown(held.namespace()), shown(held.key()), Text.number(held.generation()),
                        shown(held.state()), shown(held.owner()));
            }
            table.print(console);
            return Outcome.done();
        }

        private static String shown(@Nullable Object value) {
            return value == null ? Text.NONE : value.toString();
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
        public Outcome call() throws InterruptedException {
            Server.Answer answer = worker.server().send(WorkerApi.EXTEND_HOLD.at(hold.id()), new Holds.Extend(null, length.text()));
            console.out()
                    .println(output.json() ? answer.text()
                            : "hold " + hold.id() + " until " + Text.time(answer.as(Holds.Held.class).until()));
            return Outcome.done();
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
        public Outcome call() throws InterruptedException {
            worker.server().order(WorkerApi.RELEASE_HOLD.at(hold.id()));
            console.out().println("released " + hold.id());
            return Outcome.done();
        }
    }
}
