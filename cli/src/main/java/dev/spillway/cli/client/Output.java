package dev.spillway.cli.client;

import picocli.CommandLine.Option;

/** Whether a command prints for people or for programs. */
final class Output {
    @Option(names = "--json", description = "Print the server's JSON.")
    private boolean json;

    boolean json() {
        return json;
    }
}
