package dev.spillway.cli;

import picocli.CommandLine.Model.CommandSpec;

/** Prints the manual page. */
final class Manual implements ClientCommand {
    private final Console console;
    private final CommandSpec root;

    /** @param root the top-level command */
    Manual(Console console, CommandSpec root) {
        this.console = console;
        this.root = root;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("manual", "Print the manual page of all commands. To read it: spillway manual | man -l -");
    }

    @Override
    public CommandOutcome call() {
        console.out().print(new ManualPage(root).text());
        return CommandOutcome.done();
    }
}
