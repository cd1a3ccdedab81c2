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
        commands.addSubcommand(new CommandLine(new NamespacesCommand())
                .addSubcommand(new NamespacesCommand.Set(console))
                .addSubcommand(new NamespacesCommand.Ls(console)))
                .addSubcommand(new Put(console))
                .addSubcommand(new Get(console))
                .addSubcommand(new Ls(console))
                .addSubcommand(new Rm(console))
                .addSubcommand(new PinsCommand.Pin(console))
                .addSubcommand(new PinsCommand.Unpin(console))
                .addSubcommand(new PlansCommand.Prune(console))
                .addSubcommand(new CommandLine(new PlansCommand())
                        .addSubcommand(new PlansCommand.Show(console))
                        .addSubcommand(new PlansCommand.Apply(console)))
                .addSubcommand(new Clean(console))
                .addSubcommand(new Stats(console))
                .addSubcommand(new EvictionsCommand(console))
                .addSubcommand(new Events(console))
                .addSubcommand(new HostsCommand(console))
                .addSubcommand(new Drain(console))
                .addSubcommand(new Retire(console))
                .addSubcommand(new Readmit(console))
                .addSubcommand(new Restored(console))
                .addSubcommand(new CommandLine(new HoldsCommand())
                        .addSubcommand(new HoldsCommand.Ls(console))
                        .addSubcommand(new HoldsCommand.Extend(console))
                        .addSubcommand(new HoldsCommand.Release(console)))
                .addSubcommand(new Status(console));
    }
}
