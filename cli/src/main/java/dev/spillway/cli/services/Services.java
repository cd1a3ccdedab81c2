package dev.spillway.cli.services;

import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.worker.app.WorkerSettings;
import picocli.CommandLine;

/** The commands that run a service. */
public final class Services {
    private Services() {}

    public static void addTo(CommandLine commands, Console console) {
        commands.addSubcommand(described(new CoordinatorService(console), CoordinatorSettings.DECLARATION));
        commands.addSubcommand(described(new WorkerService(console), WorkerSettings.DECLARATION));
    }

    /** What can be given is what the service declares, so that its help cannot say otherwise. */
    private static CommandLine described(SpillwayCommand service, SettingsDeclaration settings) {
        CommandLine command = new CommandLine(service);
        String help = "%nSettings:%n".formatted() + settings.help();
        command.getCommandSpec()
                .usageMessage()
                .customSynopsis("spillway " + command.getCommandName() + " [--SETTING VALUE]... [--config FILE]")
                .footer(help.lines().map(line -> line.replace("%", "%%").replace("@|", "@ |")).toArray(String[]::new));
        return command;
    }
}
