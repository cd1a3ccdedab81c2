package dev.spillway.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;

/**
 * Runs a command repeatedly, so that changes are seen. On a terminal each output replaces the one before; elsewhere they follow each other. While no
 * server answers, the last output stays, with a note. Not thread-safe.
 */
final class Watch {
    private static final String CLEAR = "\033[H\033[2J";

    private final Console console;
    private final Duration every;
    private final String what;
    private final boolean replacing;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    /**
     * Creates a watch of a command's output.
     *
     * @param every time between the end of one output and the next request
     * @param what  text of the command as it was typed
     * @param json  whether the output is for programs, so that outputs follow each other on a terminal, too
     */
    Watch(Console console, Duration every, String what, boolean json) {
        this.console = console;
        this.every = every;
        this.what = what;
        this.replacing = console.terminal() && !json;
    }

    /** Returns the console to which the command must print. */
    Console prints() {
        return new Console(
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                console.err(),
                console.in(),
                console.terminal(),
                console.colours());
    }

    /**
     * Runs until the output is closed, or until the command has an outcome that a repetition cannot change: wrong usage, not found, or a server that
     * was never reached.
     *
     * @throws InterruptedException when this thread is interrupted
     */
    CommandOutcome run(Supplier<CommandOutcome> command) throws InterruptedException {
        String last = "";
        boolean answered = false;
        while (!console.out().checkError()) {
            printed.reset();
            CommandOutcome outcome = command.get();
            if (outcome.isFinal() || outcome.isNotReachable() && !answered) {
                return outcome;
            }
            if (!outcome.isNotReachable()) {
                answered = true;
                last = printed.toString(StandardCharsets.UTF_8);
            }
            show(last, outcome);
            Thread.sleep(every);
        }
        return CommandOutcome.done();
    }

    private void show(String last, CommandOutcome outcome) {
        if (replacing) {
            console.out()
                    .print(
                            CLEAR + "Every " + seconds() + " s: " + what + "  " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + "\n\n"
                                    + last);
        } else if (!outcome.isNotReachable()) {
            console.out().print(last);
        }
        console.out().flush();
        console.say(outcome);
    }

    private String seconds() {
        return every.toMillis() % 1_000 == 0 ? Long.toString(every.toSeconds()) : Double.toString(every.toMillis() / 1_000.0);
    }
}
