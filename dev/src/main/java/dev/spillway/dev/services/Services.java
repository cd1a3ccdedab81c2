package dev.spillway.dev.services;

import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.cli.client.Clients;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.worker.app.WorkerSettings;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The commands that run a service. */
public final class Services {
    /** Variables of docker-compose.yml and its scripts, which may also be set in the environment of a service. */
    static final Set<String> VARIABLES_OF_COMPOSE = Set.of(
            "SPILLWAY_SECRETS",
            "SPILLWAY_IMAGE",
            "SPILLWAY_COORDINATOR_1_PORT",
            "SPILLWAY_COORDINATOR_2_PORT",
            "SPILLWAY_WORKER_1_PORT",
            "SPILLWAY_WORKER_2_PORT",
            "SPILLWAY_WORKER_3_PORT",
            "SPILLWAY_KAFKA_PORT");

    private Services() {}

    public static void addTo(CommandLine commands, Console console) {
        SettingsDeclaration coordinator = CoordinatorSettings.DECLARATION;
        SettingsDeclaration worker = WorkerSettings.DECLARATION;
        commands.addSubcommand(described(new CoordinatorService(console, besides(worker)), coordinator));
        commands.addSubcommand(described(new WorkerService(console, besides(coordinator)), worker));
    }

    /** Returns the variables of other programs. They are not reported as unknown, because one environment often serves a whole machine. */
    private static Set<String> besides(SettingsDeclaration other) {
        return Stream.of(other.variables(), Clients.VARIABLES, VARIABLES_OF_COMPOSE)
                .flatMap(Set::stream)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Builds the command from the settings that the service declares, so that the help always matches them. */
    private static CommandLine described(SpillwayCommand service, SettingsDeclaration settings) {
        CommandLine command = new CommandLine(service);
        String help = "%nSettings:%n".formatted() + settings.help();
        command.getCommandSpec()
                .usageMessage()
                .customSynopsis("spillway " + command.getCommandName() + " [--print-config] [--config FILE] [--SETTING VALUE]...")
                .footer(help.lines().map(line -> line.replace("%", "%%").replace("@|", "@ |")).toArray(String[]::new));
        return command;
    }
}
