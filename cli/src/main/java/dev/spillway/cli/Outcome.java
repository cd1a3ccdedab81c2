package dev.spillway.cli;

/**
 * Tells what a command came to. This is the one place that knows the exit codes.
 *
 * @param line for standard error; empty if there is none
 */
public record Outcome(int exitCode, String line) {
    /** Everything that was asked for was done. */
    public static Outcome done() {
        return ended(0);
    }

    /** A server refused it, or it did not work out. */
    public static Outcome failed(String line) {
        return new Outcome(1, line);
    }

    /** It was asked for in a way that can never be right; nothing was sent. */
    public static Outcome wrongUsage(String line) {
        return new Outcome(2, line);
    }

    /** The thing that the command names does not exist. */
    public static Outcome notFound(String line) {
        return new Outcome(3, line);
    }

    /** No answer from a server. */
    public static Outcome notReachable(String line) {
        return new Outcome(4, line);
    }

    /** A service ran and ended with a code of its own, all lines printed. */
    public static Outcome ended(int exitCode) {
        return new Outcome(exitCode, "");
    }

    /** Returns whether the same command can never come to something else, unless somebody makes what it names. */
    boolean isFinal() {
        return exitCode == 2 || exitCode == 3;
    }

    boolean isNotReachable() {
        return exitCode == 4;
    }

    /** As this, where something had been done before it: says that first. */
    Outcome after(String done) {
        return new Outcome(exitCode, done + ", then: " + line);
    }
}
