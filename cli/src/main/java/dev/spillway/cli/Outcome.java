package dev.spillway.cli;

/** What a command came to. This is the one place that knows the exit codes. */
public sealed interface Outcome {
    static Outcome done() {
        return new Done();
    }

    /** Everything that was asked for was done. */
    record Done() implements Outcome {}

    /** A server refused it, or it did not work out. */
    record Failed(String line) implements Outcome {}

    /** It was asked for in a way that can never be right; nothing was sent. */
    record WrongUsage(String line) implements Outcome {}

    /** What it names does not exist. */
    record NotFound(String line) implements Outcome {}

    /** No answer from a server. */
    record NotReachable(String line) implements Outcome {}

    /** A service ran and ended with a code of its own, all lines printed. */
    record Ended(int code) implements Outcome {}

    /** The exit code of the process. */
    default int exitCode() {
        return switch (this) {
            case Done() -> 0;
            case Failed(_) -> 1;
            case WrongUsage(_) -> 2;
            case NotFound(_) -> 3;
            case NotReachable(_) -> 4;
            case Ended(var code) -> code;
        };
    }

    /** As this, where something had been done before it: says that first. */
    default Outcome after(String done) {
        String line = done + ", then: " + line();
        return switch (this) {
            case Done(),Ended(_) -> this;
            case Failed(_) -> new Failed(line);
            case WrongUsage(_) -> new WrongUsage(line);
            case NotFound(_) -> new NotFound(line);
            case NotReachable(_) -> new NotReachable(line);
        };
    }

    /** What to say on standard error; empty where there is nothing to say. */
    default String line() {
        return switch (this) {
            case Done(),Ended(_) -> "";
            case Failed(var line) -> line;
            case WrongUsage(var line) -> line;
            case NotFound(var line) -> line;
            case NotReachable(var line) -> line;
        };
    }
}
