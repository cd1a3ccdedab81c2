package dev.spillway.cli;

import java.io.Serial;

/** Thrown to end a command with an outcome other than done. */
public final class CommandFailedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient CommandOutcome outcome;

    public CommandFailedException(CommandOutcome outcome) {
        super(outcome.line());
        this.outcome = outcome;
    }

    /** Returns the same failure of a command that has done something before. */
    public CommandFailedException after(String done) {
        CommandFailedException told = new CommandFailedException(outcome.after(done));
        told.initCause(this);
        return told;
    }

    public CommandOutcome outcome() {
        return outcome;
    }
}
