package dev.spillway.dev;

import dev.spillway.cli.Console;
import dev.spillway.cli.Main;
import dev.spillway.dev.bench.Bench;
import dev.spillway.dev.services.Services;
import java.util.List;
import picocli.CommandLine;

/** The {@code spillway} command with what runs servers: services, the development fleet and benchmarks. */
public final class DevMain {
    private DevMain() {}

    public static void main(String[] args) {
        System.exit(run(List.of(args), Console.ofProcess()));
    }

    /** Runs one command and returns its exit code. */
    public static int run(List<String> arguments, Console console) {
        return Main.run(arguments, console, commands -> addTo(commands, console));
    }

    private static void addTo(CommandLine commands, Console console) {
        Services.addTo(commands, console);
        commands.addSubcommand(new Dev(console));
        commands.addSubcommand(new Demo(console));
        commands.addSubcommand(new Bench(console));
    }
}
