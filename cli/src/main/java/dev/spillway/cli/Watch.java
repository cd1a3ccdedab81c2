package dev.spillway.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;

/**
 * Runs a command again and again, so that changes are seen. On a terminal each print replaces the one before; elsewhere they follow each other. While no
 * server answers, the last print stays, and that is said. For one thread.
 */
final class Watch {
    private static final String CLEAR = "\033[H\033[2J";

    private final Console console;
    private final Duration every;
    private final String what;
    private final boolean replacing;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    /**
     * Watches what a command prints.
     *
     * @param every time between the end of one print and the next request
     * @param what  the command as it was typed
     * @param json  prints for programs: they follow each other on a terminal too
     */
    Watch(Console console, Duration every, String what, boolean json) {
        this.console = console;
        this.every = every;
        this.what = what;
        this.replacing = console.terminal() && !json;
    }

    /** Returns where the command has to print. */
    Console prints() {
        return new Console(new PrintStream(printed, true, StandardCharsets.UTF_8), console.err(), console.in(), console.terminal(),
                console.colours());
    }

    /**
     * Runs until nobody reads what is printed, or the command ends in a way that another time cannot change: wrong usage, not found, and a server that
     * was never reached.
     *
     * @throws InterruptedException when this thread is interrupted
     */
    Outcome run(Supplier<Outcome> command) throws InterruptedException {
        String last = "";
        boolean answered = false;
        while (!console.out().checkError()) {
            printed.reset();
            Outcome outcome = command.get();
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
        return Outcome.done();
    }

    private void show(String last, Outcome outcome) {
        if (replacing) {
            console.out()
                    .print(CLEAR + "Every " + seconds() + " s: " + what + "  " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + "\n\n"
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
