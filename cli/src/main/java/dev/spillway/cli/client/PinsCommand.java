package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Pins;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.EntryParameters;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Pins of entries. */
final class PinsCommand {
    private PinsCommand() {}

    static final class Pin implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final EntryParameters entry = new EntryParameters();
        private PinReason reason = new PinReason("none given");
        private @Nullable Instant until;

        Pin(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe(
                    "pin",
                    "Promise that an entry is not chosen as a victim. It counts for no limit meanwhile, and goes only when it is deleted, "
                            + "replaced, lost by its last host, or cleaned with its namespace.");
            coordinator.declare(to);
            output.declare(to);
            entry.declare(to);
            to.option("--reason", "TEXT", PinReason.class, value -> reason = value, "Why, for whoever wonders later.").required(true);
            to.option("--until", "TIME", Instant.class, value -> until = value, "Such as 2026-12-31T23:59:59Z (default: no end).");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server()
                    .send(
                            CoordinatorApi.PIN_ENTRY.at(entry.namespace(), entry.key()),
                            new Pins.Put(until == null ? null : until.toString(), reason));
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                Instant end = answer.as(Pins.Pin.class).until();
                console.out()
                        .println(
                                "pinned " + HumanText.printable(entry.key().value())
                                        + (end == null ? ", without an end" : " until " + HumanText.time(end)));
            }
            return CommandOutcome.done();
        }
    }

    static final class Unpin implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final EntryParameters entry = new EntryParameters();

        Unpin(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("unpin", "Lift the pin of an entry. Nothing is evicted for it before the next put.");
            coordinator.declare(to);
            output.declare(to);
            entry.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server().send(CoordinatorApi.UNPIN_ENTRY.at(entry.namespace(), entry.key()));
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                String key = HumanText.printable(entry.key().value());
                console.out().println(answer.as(Pins.Lifted.class).lifted() ? "unpinned " + key : key + " was not pinned");
            }
            return CommandOutcome.done();
        }
    }
}
