package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Pins;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pins of entries. */
final class PinsCommand {
    private PinsCommand() {}

    @Command(name = "pin",
            description = "Promise that an entry is not chosen as a victim. It counts for no limit meanwhile, and goes only when it is deleted, "
                    + "replaced, lost by its last host, or cleaned with its namespace.")
    static final class Pin implements SpillwayCommand {
        private final Console console;
        @Mixin
        private CoordinatorOption coordinator;
        @Mixin
        private Output output;
        @Mixin
        private EntryParameters entry;
        @Option(names = "--reason", paramLabel = "TEXT", required = true, description = "Why, for whoever wonders later.")
        private PinReason reason = new PinReason("none given");
        @Option(names = "--until", paramLabel = "TIME", description = "Such as 2026-12-31T23:59:59Z (default: no end).")
        private @Nullable Instant until;

        Pin(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server()
                    .send(CoordinatorApi.PIN_ENTRY.at(entry.namespace(), entry.key()),
                            new Pins.Put(until == null ? null : until.toString(), reason));
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                Instant end = answer.as(Pins.Pin.class).until();
                console.out()
                        .println("pinned " + Text.printable(entry.key().value())
                                + (end == null ? ", without an end" : " until " + Text.time(end)));
            }
            return Outcome.done();
        }
    }

    @Command(name = "unpin", description = "Lift the pin of an entry. Nothing is evicted for it before the next put.")
    static final class Unpin implements SpillwayCommand {
        private final Console console;
        @Mixin
        private CoordinatorOption coordinator;
        @Mixin
        private Output output;
        @Mixin
        private EntryParameters entry;

        Unpin(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server().send(CoordinatorApi.UNPIN_ENTRY.at(entry.namespace(), entry.key()));
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                String key = Text.printable(entry.key().value());
                console.out().println(answer.as(Pins.Lifted.class).lifted() ? "unpinned " + key : key + " was not pinned");
            }
            return Outcome.done();
        }
    }
}
