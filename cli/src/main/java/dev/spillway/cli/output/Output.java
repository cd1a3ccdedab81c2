package dev.spillway.cli.output;

import dev.spillway.cli.Declaration;

/** The option that chooses output for people or for programs. */
public final class Output {
    private boolean json;

    public void declare(Declaration to) {
        to.flag("--json", value -> json = value, "Print the server's JSON.");
    }

    /** For a command that lists or shows. */
    public void declareWatched(Declaration to) {
        declare(to);
        to.watched();
    }

    public boolean json() {
        return json;
    }
}
