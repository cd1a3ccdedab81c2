package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;

/** All client commands. */
public final class Clients {
    /** Variables of the environment that client commands read. */
    public static final Set<String> VARIABLES = Set.of(CoordinatorOption.VARIABLE, WorkerOption.VARIABLE);

    private Clients() {}

    /**
     * Each command by its name, made when it is asked for: reading the annotations of all takes longer than most commands run.
     *
     * @return in the order in which help lists them
     */
    public static Map<String, Function<Console, CommandLine>> all() {
        Map<String, Function<Console, CommandLine>> all = new LinkedHashMap<>();
        all.put("namespace", console -> new CommandLine(new NamespacesCommand())
                .addSubcommand(new NamespacesCommand.Set(console))
                .addSubcommand(new NamespacesCommand.Ls(console)));
        all.put("put", console -> new CommandLine(new Put(console)));
        all.put("get", console -> new CommandLine(new Get(console)));
        all.put("ls", console -> new CommandLine(new Ls(console)));
        all.put("rm", console -> new CommandLine(new Rm(console)));
        all.put("pin", console -> new CommandLine(new PinsCommand.Pin(console)));
        all.put("unpin", console -> new CommandLine(new PinsCommand.Unpin(console)));
        all.put("prune", console -> new CommandLine(new PlansCommand.Prune(console)));
        all.put("plans", console -> new CommandLine(new PlansCommand())
                .addSubcommand(new PlansCommand.Ls(console))
                .addSubcommand(new PlansCommand.Show(console))
                .addSubcommand(new PlansCommand.Apply(console)));
        all.put("clean", console -> new CommandLine(new Clean(console)));
        all.put("stats", console -> new CommandLine(new Stats(console)));
        all.put("evictions", console -> new CommandLine(new EvictionsCommand(console)));
        all.put("events", console -> new CommandLine(new Events(console)));
        all.put("hosts", console -> new CommandLine(new HostsCommand(console)));
        all.put("drain", console -> new CommandLine(new Drain(console)));
        all.put("retire", console -> new CommandLine(new Retire(console)));
        all.put("readmit", console -> new CommandLine(new Readmit(console)));
        all.put("restored", console -> new CommandLine(new Restored(console)));
        all.put("holds", console -> new CommandLine(new HoldsCommand())
                .addSubcommand(new HoldsCommand.Ls(console))
                .addSubcommand(new HoldsCommand.Extend(console))
                .addSubcommand(new HoldsCommand.Release(console)));
        all.put("status", console -> new CommandLine(new Status(console)));
        all.put("log-level", console -> new CommandLine(new LogLevel(console)));
        return all;
    }
}
