package dev.spillway.dev.services;

import dev.spillway.cli.Console;
import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.settings.Settings;
import java.util.Set;
import picocli.CommandLine.Command;

/** Runs one coordinator. */
@Command(name = "coordinator", description = "Run one coordinator against PostgreSQL and Kafka, until it is told to stop.")
final class CoordinatorService extends ServiceCommand {

    CoordinatorService(Console console, Set<String> variablesOfOthers) {
        super(CoordinatorSettings.DECLARATION, console, variablesOfOthers);
    }

    @Override
    void start(Settings settings, Lifecycle lifecycle) throws Exception {
        CoordinatorSettings read = CoordinatorSettings.from(settings);
        Coordinator coordinator = lifecycle.start("coordinator", () -> Coordinator.start(read));
        say("ready: coordinator on " + read.security().url(coordinator.address()));
    }
}
