package dev.spillway.dev;

import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs a whole fleet with simulated users on this machine. */
@Command(
        name = "demo",
        description = {
                "Run a whole fleet on this machine until Ctrl-C, as dev does, with users: they read and put images, most of all the popular ones.",
                "One more host comes and goes. Open the console's address in a browser to watch."})
public final class Demo implements SpillwayCommand {
    private final Console console;
    @Mixin
    private final FleetOptions fleet = new FleetOptions();

    public Demo(Console console) {
        this.console = console;
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        return fleet.run("demo", console, 1, (lifecycle, started) -> {
            lifecycle.start("users", () -> DemoUsers.start(started, failure -> lifecycle.fail("users", failure)));
            console.out().println("console      http://" + started.coordinator() + "/ui/");
            console.out().printf("guest        host-%d, which comes and goes%n", started.hosts() + 1);
        });
    }
}
