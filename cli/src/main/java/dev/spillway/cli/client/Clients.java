package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import java.util.Set;
import picocli.CommandLine;

/** All client commands. */
public final class Clients {
    /** Variables of the environment that client commands read. */
    public static final Set<String> VARIABLES = Set.of(CoordinatorOption.VARIABLE, WorkerOption.VARIABLE);

    private Clients() {}

    public static void addTo(CommandLine commands, Console console) {
        commands.addSubcommand(new CommandLine(new Namespaces())
                .addSubcommand(new Namespaces.Set(console))
                .addSubcommand(new Namespaces.Ls(console)))
                .addSubcommand(new Put(console))
                .addSubcommand(new Get(console))
                .addSubcommand(new Ls(console))
                .addSubcommand(new Rm(console))
                .addSubcommand(new Pins.Pin(console))
                .addSubcommand(new Pins.Unpin(console))
                .addSubcommand(new Plans.Prune(console))
                .addSubcommand(new CommandLine(new Plans())
                        .addSubcommand(new Plans.Show(console))
                        .addSubcommand(new Plans.Apply(console)))
                .addSubcommand(new Clean(console))
                .addSubcommand(new Stats(console))
                .addSubcommand(new Evictions(console))
                .addSubcommand(new Events(console))
                .addSubcommand(new Hosts(console))
                .addSubcommand(new Drain(console))
                .addSubcommand(new Retire(console))
                .addSubcommand(new Readmit(console))
                .addSubcommand(new Restored(console))
                .addSubcommand(new CommandLine(new Holds())
                        .addSubcommand(new Holds.Ls(console))
                        .addSubcommand(new Holds.Extend(console))
                        .addSubcommand(new Holds.Release(console)))
                .addSubcommand(new Status(console));
    }
}
