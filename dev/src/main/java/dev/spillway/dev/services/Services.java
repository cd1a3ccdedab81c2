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
    /** Read by docker-compose.yml and its scripts, and exported where a service may run, too. */
    static final Set<String> VARIABLES_OF_COMPOSE = Set.of("SPILLWAY_SECRETS", "SPILLWAY_IMAGE", "SPILLWAY_COORDINATOR_1_PORT",
            "SPILLWAY_COORDINATOR_2_PORT", "SPILLWAY_WORKER_1_PORT", "SPILLWAY_WORKER_2_PORT", "SPILLWAY_WORKER_3_PORT",
            "SPILLWAY_KAFKA_PORT");

    private Services() {}

    public static void addTo(CommandLine commands, Console console) {
        SettingsDeclaration coordinator = CoordinatorSettings.DECLARATION;
        SettingsDeclaration worker = WorkerSettings.DECLARATION;
        commands.addSubcommand(described(new CoordinatorService(console, besides(worker)), coordinator));
        commands.addSubcommand(described(new WorkerService(console, besides(coordinator)), worker));
    }

    /** One environment often serves a whole machine: what is meant for another service, client commands or compose is no mistake. */
    private static Set<String> besides(SettingsDeclaration other) {
        return Stream.of(other.variables(), Clients.VARIABLES, VARIABLES_OF_COMPOSE)
                .flatMap(Set::stream)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** What can be given is what the service declares, so that its help cannot say otherwise. */
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
