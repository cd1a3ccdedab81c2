package dev.spillway.cli;

import java.util.concurrent.Callable;

/** One command: does its work and says what it came to. */
public interface SpillwayCommand extends Callable<Outcome> {
    /**
     * Runs. A command that can be watched may be run again, with the same values.
     *
     * @throws CommandFailedException to end with another outcome
     */
    @Override
    Outcome call() throws InterruptedException;
}
