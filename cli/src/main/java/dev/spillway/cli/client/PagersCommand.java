package dev.spillway.cli.client;

import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Pagers;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.EntryParameters;
import dev.spillway.cli.option.LongRequest;
import dev.spillway.cli.option.Names;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.pager.PageShape;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** KV pagers of a worker. */
final class PagersCommand {
    /** Time limit of a copy of gigabytes on a slow disk or over a slow network. */
    private static final Duration COPY = Duration.ofHours(12);
    /** Time limit of requests for which the worker waits for the end of a write or a pause, and then for the engine. */
    private static final Duration ENGINE = Duration.ofSeconds(60);

    private PagersCommand() {}

    static final class Ls implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final Output output = new Output();

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("ls", "List the KV pagers of a worker.");
            worker.declare(to);
            output.declareWatched(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Pages pages = Pages.fetch(worker.server(), WorkerApi.LIST_PAGERS.at(), Long.MAX_VALUE);
            if (output.json()) {
                pages.printJson(console.out());
                return CommandOutcome.done();
            }
            Table table = new Table("PAGER", ">PAGES", ">FREE", ">PAGE", ">MEMORY", ">SEQUENCES", "MODEL", "LAYOUT", "STATE", "FILE");
            for (Pagers.Pager pager : pages.as(Pagers.Pager.class)) {
                PageShape page = pager.meta().page();
                table.row(
                        pager.name(),
                        pager.pages(),
                        pager.freePages(),
                        HumanText.bytes(page.bytes()),
                        HumanText.bytes(pager.bytes()),
                        pager.sequences(),
                        pager.meta().model().value().substring(0, 12),
                        "%s %s %s".formatted(page.elements(), page.order(), page.keysAndValues()),
                        state(pager),
                        pager.path() == null ? HumanText.NONE : pager.path());
            }
            table.print(console);
            return CommandOutcome.done();
        }

        private static String state(Pagers.Pager pager) {
            return pager.work() != null ? pager.work().kind().toString() : pager.paused() ? "paused" : "open";
        }
    }

    /** The name of a pager. */
    private static void declarePager(Declaration to, WorkerOption worker, Consumer<String> setter) {
        to.parameter("0", "PAGER", String.class, value -> setter.accept(Pagers.requireName(value)), "The pager, as pagers ls names it.")
                .completionCandidates(new Names(Names.Kind.PAGER, worker));
    }

    /** Work of a worker on one of its pagers. */
    abstract static class Work implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final Output output = new Output();
        private final EntryParameters entry = new EntryParameters();
        @SuppressWarnings("NullAway.Init") // by declare
        private String pager;

        Work(Console console) {
            this.console = console;
        }

        void declare(Declaration to, String name, String description) {
            to.describe(name, description);
            worker.declare(to);
            output.declare(to);
            declarePager(to, worker, value -> pager = value);
            entry.declare(to, 1);
        }

        String pager() {
            return pager;
        }

        EntryParameters entry() {
            return entry;
        }

        Server.Answer run(RequestTarget target, Object body) throws InterruptedException {
            Server server = worker.server();
            return LongRequest.show(
                    console,
                    pager,
                    () -> server.send(target, body, COPY),
                    () -> server.get(WorkerApi.GET_PAGER.at(pager)).as(Pagers.Pager.class).work());
        }

        boolean printedJson(Server.Answer answer) {
            if (output.json()) {
                console.out().println(answer.text());
            }
            return output.json();
        }

        void print(String line) {
            console.out().println(line);
        }
    }

    static final class Capture extends Work {
        private @Nullable String description;

        Capture(Console console) {
            super(console);
        }

        @Override
        public void declare(Declaration to) {
            declare(
                    to,
                    "capture",
                    "Put the sequences of a pager under a key, as they are at one moment. Writes stop for that moment alone.");
            to.option("--description", "TEXT", String.class, value -> description = value, "What it is, in a line.");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = run(
                    WorkerApi.CAPTURE_PAGER.at(pager()),
                    new Pagers.Capture(entry().namespace(), entry().key(), description));
            if (printedJson(answer)) {
                return CommandOutcome.done();
            }
            Pagers.Captured captured = answer.as(Pagers.Captured.class);
            print(
                    "captured  %s  generation %d, %s of %s, %s".formatted(
                            HumanText.printable(entry().key().value()),
                            captured.generation(),
                            HumanText.count(captured.sequences(), "sequence", "sequences"),
                            HumanText.count(captured.pages(), "page", "pages"),
                            HumanText.bytes(captured.sizeBytes())));
            print(
                    "written   %s, %s".formatted(
                            HumanText.count(captured.pagesWritten(), "page", "pages"),
                            HumanText.bytes(captured.bytesWritten())));
            print(
                    "paused    %.3f ms%s".formatted(
                            captured.pause().toNanos() / 1e6,
                            captured.stayedPaused() ? ", and until all was copied: the engine does not save what it overwrites" : ""));
            for (EvictedEntry evicted : captured.evicted()) {
                print(
                        "evicted   %s  generation %d, %s".formatted(
                                HumanText.printable(evicted.key().value()),
                                evicted.generation(),
                                evicted.cause()));
            }
            return CommandOutcome.done();
        }
    }

    static final class Restore extends Work {
        private boolean local;

        Restore(Console console) {
            super(console);
        }

        @Override
        public void declare(Declaration to) {
            declare(to, "restore", "Read the sequences of an entry into free pages of a pager, verified: all of them or none.");
            to.flag("--local", value -> local = value, "Do not ask other hosts where this one has no copy.");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer =
                    run(WorkerApi.RESTORE_PAGER.at(pager()), new Pagers.Restore(entry().namespace(), entry().key(), local ? false : null));
            if (printedJson(answer)) {
                return CommandOutcome.done();
            }
            Pagers.Restored restored = answer.as(Pagers.Restored.class);
            long pages = restored.sequences().stream().flatMap(sequence -> sequence.pages().stream()).distinct().count();
            print(
                    "restored  %s  generation %d, %s of %s, %s".formatted(
                            HumanText.printable(entry().key().value()),
                            restored.generation(),
                            HumanText.count(restored.sequences().size(), "sequence", "sequences"),
                            HumanText.count(pages, "page", "pages"),
                            restored.source() == CachedDirectories.Source.PEER ? "from another host" : "from this host"));
            return CommandOutcome.done();
        }
    }

    static final class Detach implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        @SuppressWarnings("NullAway.Init") // by declare
        private String pager;

        Detach(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe(
                    "detach",
                    "Take a pager from an engine that has ended without letting go of it, so that what it left can be captured.",
                    "Make sure first that the process of the engine has ended: the worker cannot stop what it writes.");
            worker.declare(to);
            declarePager(to, worker, value -> pager = value);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            worker.server().order(ENGINE, WorkerApi.DETACH_ENGINE.at(pager));
            console.out().println("detached  " + pager);
            return CommandOutcome.done();
        }
    }

    static final class Verify implements ClientCommand {
        private final Console console;
        private final WorkerOption worker = new WorkerOption();
        private final Output output = new Output();
        private final EntryParameters entry = new EntryParameters();

        Verify(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("verify", "Read every byte of a captured pager on a host, and compare it with what was captured.");
            worker.declare(to);
            output.declare(to);
            entry.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server server = worker.server();
            Server.Answer answer = LongRequest.show(
                    console,
                    HumanText.printable(entry.key().value()),
                    () -> server.sendWithin(COPY, WorkerApi.VERIFY_SNAPSHOT.at(entry.namespace(), entry.key())),
                    () -> server.get(WorkerApi.GET_VERIFICATION.at(entry.namespace(), entry.key())).as(Pagers.Verification.class).work());
            if (output.json()) {
                console.out().println(answer.text());
                return CommandOutcome.done();
            }
            Pagers.Verified verified = answer.as(Pagers.Verified.class);
            console.out()
                    .printf(
                            "verified  %s  generation %d, %s of %s%n",
                            HumanText.printable(entry.key().value()),
                            verified.generation(),
                            HumanText.count(verified.sequences().size(), "sequence", "sequences"),
                            HumanText.count(verified.pages(), "page", "pages"));
            return CommandOutcome.done();
        }
    }
}
