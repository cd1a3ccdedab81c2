package dev.spillway.cli;

import java.util.concurrent.Callable;

/** A command, which does its work and returns its outcome. */
public interface SpillwayCommand extends Callable<CommandOutcome> {
    /**
     * Runs the command. A command that can be watched may be run several times with the same values.
     *
     * @throws CommandFailedException to end with another outcome
     */
    @Override
    CommandOutcome call() throws InterruptedException;
}
