package dev.spillway.dev;

import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs a whole fleet on this machine. */
@Command(
        name = "dev",
        description = {
                "Run a whole fleet on this machine until Ctrl-C: PostgreSQL, Kafka, a coordinator and workers host-1, host-2, ...",
                "Workers take any directory that this user can read."})
public final class Dev implements SpillwayCommand {
    private final Console console;
    @Mixin
    private final FleetOptions fleet = new FleetOptions();

    public Dev(Console console) {
        this.console = console;
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        return fleet.run("dev", console, 0, (lifecycle, started) -> {});
    }
}
