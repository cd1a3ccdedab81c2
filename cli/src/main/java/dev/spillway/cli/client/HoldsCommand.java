package dev.spillway.cli.client;

import dev.spillway.api.Holds;
import dev.spillway.api.WorkerApi;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Holds of a worker. */
@Command(name = "holds",
        description = "List, extend and release holds: an image that is held stays whole on its host even if it is evicted.")
final class HoldsCommand {
    @Command(name = "ls", description = "List the holds of a worker.")
    static final class Ls implements SpillwayCommand {
        private final Console console;
        @Mixin
        private WorkerOption worker;
        @Mixin
        private Output output;

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            Pages pages = Pages.fetch(worker.server(), WorkerApi.LIST_HOLDS.at(), Long.MAX_VALUE);
            if (output.json()) {
                pages.printJson(console.out());
                return Outcome.done();
            }
            Table table = new Table("HOLD", "UNTIL", "NAMESPACE", "KEY", ">GENERATION", "STATE");
            for (Holds.Held held : pages.as(Holds.Held.class)) {
                table.row(held.id(), Text.time(held.until()), shown(held.namespace()), shown(held.key()), Text.number(held.generation()),
                        shown(held.state()));
            }
            table.print(console.out());
            return Outcome.done();
        }

        private static String shown(@Nullable Object value) {
            return value == null ? Text.NONE : value.toString();
        }
    }

    @Command(name = "extend", description = "Let a hold last for so long from now on.")
    static final class Extend implements SpillwayCommand {
        private final Console console;
        @Mixin
        private WorkerOption worker;
        @Mixin
        private Output output;
        @Mixin
        private HoldParameter hold;
        @Option(names = "--for", paramLabel = "TIME", required = true, description = "Such as PT10M or 10m.")
        private Values.TimeSpan length = new Values.TimeSpan("10m");

        Extend(Console console) {
            this.console = console;
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

    @Command(name = "release", description = "End a hold; what was evicted meanwhile is deleted then.")
    static final class Release implements SpillwayCommand {
        private final Console console;
        @Mixin
        private WorkerOption worker;
        @Mixin
        private HoldParameter hold;

        Release(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            worker.server().order(WorkerApi.RELEASE_HOLD.at(hold.id()));
            console.out().println("released " + hold.id());
            return Outcome.done();
        }
    }
}
