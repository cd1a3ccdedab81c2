package dev.spillway.cli;

import java.util.concurrent.Callable;

/** One command: does its work and says what it came to. */
public interface SpillwayCommand extends Callable<Outcome> {
    /**
     * Runs once.
     *
     * @throws CommandFailedException to end with another outcome
     */
    @Override
    Outcome call() throws InterruptedException;
}
