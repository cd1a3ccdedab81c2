package dev.spillway.cli;

/** What a command came to. This is the one place that knows the exit codes. */
public sealed interface Outcome {
    static Outcome done() {
        return new Done();
    }

    /** The exit code of the process. */
    int exitCode();

    /** Returns the line for standard error; empty if there is none. */
    String line();

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

    /** Everything that was asked for was done. */
    record Done() implements Outcome {
        @Override
        public int exitCode() {
            return 0;
        }

        @Override
        public String line() {
            return "";
        }
    }

    /** A server refused it, or it did not work out. */
    record Failed(String line) implements Outcome {
        @Override
        public int exitCode() {
            return 1;
        }
    }

    /** It was asked for in a way that can never be right; nothing was sent. */
    record WrongUsage(String line) implements Outcome {
        @Override
        public int exitCode() {
            return 2;
        }
    }

    /** The thing that the command names does not exist. */
    record NotFound(String line) implements Outcome {
        @Override
        public int exitCode() {
            return 3;
        }
    }

    /** No answer from a server. */
    record NotReachable(String line) implements Outcome {
        @Override
        public int exitCode() {
            return 4;
        }
    }

    /** A service ran and ended with a code of its own, all lines printed. */
    record Ended(int exitCode) implements Outcome {
        @Override
        public String line() {
            return "";
        }
    }
}
