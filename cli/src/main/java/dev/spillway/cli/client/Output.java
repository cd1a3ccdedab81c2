package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;

/** The option that chooses output for people or for programs. */
final class Output {
    private boolean json;

    void declare(Declaration to) {
        to.flag("--json", value -> json = value, "Print the server's JSON.");
    }

    /** For a command that lists or shows. */
    void declareWatched(Declaration to) {
        declare(to);
        to.watched();
    }

    boolean json() {
        return json;
    }
}
