package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.SecurityOptions;
import dev.spillway.cli.option.WorkerOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;

/** All client commands. */
public final class Clients {
    /** Variables of the environment that client commands read. */
    public static final Set<String> VARIABLES = Set.of(
            CoordinatorOption.VARIABLE,
            WorkerOption.VARIABLE,
            SecurityOptions.TOKEN_FILE,
            SecurityOptions.AUTHORITY);

    private Clients() {}

    /**
     * Returns the constructors of all commands by name. Only the requested command is constructed, because constructing all takes longer than most
     * commands run.
     *
     * @return constructors in the order of the help
     */
    public static Map<String, Function<Console, CommandLine>> all() {
        Map<String, Function<Console, CommandLine>> all = new LinkedHashMap<>();
        all.put(
                "namespace",
                console -> Declaration.group(
                        "namespace",
                        "Create, change and list namespaces.",
                        new NamespacesCommand.Set(console),
                        new NamespacesCommand.Ls(console)));
        all.put("put", console -> Declaration.of(new Put(console)));
        all.put("get", console -> Declaration.of(new Get(console)));
        all.put("warm", console -> Declaration.of(new Warm(console)));
        all.put("ls", console -> Declaration.of(new Ls(console)));
        all.put("show", console -> Declaration.of(new Show(console)));
        all.put("rm", console -> Declaration.of(new Rm(console)));
        all.put("pin", console -> Declaration.of(new PinsCommand.Pin(console)));
        all.put("unpin", console -> Declaration.of(new PinsCommand.Unpin(console)));
        all.put("prune", console -> Declaration.of(new PlansCommand.Prune(console)));
        all.put(
                "plans",
                console -> Declaration.group(
                        "plans",
                        "List, show and apply plans: victims that a prune or a changed policy chose.",
                        new PlansCommand.Ls(console),
                        new PlansCommand.Show(console),
                        new PlansCommand.Apply(console)));
        all.put("clean", console -> Declaration.of(new Clean(console)));
        all.put("stats", console -> Declaration.of(new Stats(console)));
        all.put("advise", console -> Declaration.of(new Advise(console)));
        all.put("evictions", console -> Declaration.of(new EvictionsCommand(console)));
        all.put("audit", console -> Declaration.of(new AuditCommand(console)));
        all.put("events", console -> Declaration.of(new Events(console)));
        all.put("hosts", console -> Declaration.of(new HostsCommand(console)));
        all.put("drain", console -> Declaration.of(new DrainCommand(console)));
        all.put("retire", console -> Declaration.of(new Retire(console)));
        all.put("readmit", console -> Declaration.of(new Readmit(console)));
        all.put("restored", console -> Declaration.of(new Restored(console)));
        all.put(
                "holds",
                console -> Declaration.group(
                        "holds",
                        "List, extend and release holds: an image that is held stays whole on its host even if it is evicted.",
                        new HoldsCommand.Ls(console),
                        new HoldsCommand.Extend(console),
                        new HoldsCommand.Release(console)));
        all.put(
                "pagers",
                console -> Declaration.group(
                        "pagers",
                        "List KV pagers, capture them as images and restore images into them.",
                        new PagersCommand.Ls(console),
                        new PagersCommand.Capture(console),
                        new PagersCommand.Restore(console),
                        new PagersCommand.Verify(console),
                        new PagersCommand.Detach(console)));
        all.put(
                "token",
                console -> Declaration.group(
                        "token",
                        "Make, list and revoke tokens: who may ask the services, and for what.",
                        new TokensCommand.Create(console),
                        new TokensCommand.Ls(console),
                        new TokensCommand.Revoke(console)));
        all.put("status", console -> Declaration.of(new Status(console)));
        all.put("log-level", console -> Declaration.of(new LogLevel(console)));
        all.put("completion", console -> Declaration.of(new Completion(console)));
        return all;
    }
}
