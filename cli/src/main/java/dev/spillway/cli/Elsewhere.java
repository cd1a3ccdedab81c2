package dev.spillway.cli;

import picocli.CommandLine;

/** Commands that run servers. The launcher starts another program for them; here they are only listed in the help. */
public final class Elsewhere implements ClientCommand {
    private final String name;
    private final String description;

    private Elsewhere(String name, String description) {
        this.name = name;
        this.description = description;
    }

    /** Adds these commands with their lines of {@code spillway --help}. */
    static void addTo(CommandLine commands) {
        add(commands, "coordinator", "Run one coordinator against PostgreSQL and Kafka, until it is told to stop.");
        add(commands, "worker", "Run one host's worker, until it is told to stop.");
        add(
                commands,
                "dev",
                "Run a whole fleet on this machine until Ctrl-C: PostgreSQL, Kafka, a coordinator and workers host-1, host-2, ...");
        add(
                commands,
                "demo",
                "Run a whole fleet on this machine until Ctrl-C, with users who read and put images, and the console to watch them.");
        add(commands, "bench", "Run a benchmark beside its baselines, on servers of its own that are gone at the end. At most 20 minutes.");
    }

    private static void add(CommandLine commands, String name, String description) {
        commands.addSubcommand(Declaration.of(new Elsewhere(name, description)));
    }

    @Override
    public void declare(Declaration to) {
        to.describe(name, description);
    }

    @Override
    public CommandOutcome call() {
        return CommandOutcome.wrongUsage(name + ": not a command of this program (expected: started as ./spillway " + name + ")");
    }
}
