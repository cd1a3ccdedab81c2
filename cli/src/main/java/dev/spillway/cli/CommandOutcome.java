package dev.spillway.cli;

/**
 * The outcome of a command. Exit codes are defined only here.
 *
 * @param line line for standard error; empty if there is none
 */
public record CommandOutcome(int exitCode, String line) {
    /** Returns the outcome of a command that did everything. */
    public static CommandOutcome done() {
        return ended(0);
    }

    /** Returns the outcome of a command that a server refused, or that failed. */
    public static CommandOutcome failed(String line) {
        return new CommandOutcome(1, line);
    }

    /** Returns the outcome of wrong usage; nothing was sent. */
    public static CommandOutcome wrongUsage(String line) {
        return new CommandOutcome(2, line);
    }

    /** Returns the outcome of a command that names a thing that does not exist. */
    public static CommandOutcome notFound(String line) {
        return new CommandOutcome(3, line);
    }

    /** Returns the outcome of a command that got no answer from a server. */
    public static CommandOutcome notReachable(String line) {
        return new CommandOutcome(4, line);
    }

    /** Returns the outcome of a service that ended with this exit code and has printed its lines. */
    public static CommandOutcome ended(int exitCode) {
        return new CommandOutcome(exitCode, "");
    }

    /** Returns whether a repetition would have the same outcome, unless the missing thing is created. */
    boolean isFinal() {
        return exitCode == 2 || exitCode == 3;
    }

    boolean isNotReachable() {
        return exitCode == 4;
    }

    /** Returns the same outcome with a text in front that tells what was done before. */
    CommandOutcome after(String done) {
        return new CommandOutcome(exitCode, done + ", then: " + line);
    }
}
