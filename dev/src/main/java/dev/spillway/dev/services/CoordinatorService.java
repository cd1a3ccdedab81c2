package dev.spillway.dev.services;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.ServiceProcess;
import dev.spillway.service.logging.Logging;
import dev.spillway.service.settings.Sources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Runs one coordinator. */
@Command(name = "coordinator", description = "Run one coordinator against PostgreSQL and Kafka, until it is told to stop.")
final class CoordinatorService implements SpillwayCommand {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(45);

    private final Console console;
    private final Set<String> variablesOfOthers;
    @Unmatched
    private List<String> settings = new ArrayList<>();

    CoordinatorService(Console console, Set<String> variablesOfOthers) {
        this.console = console;
        this.variablesOfOthers = variablesOfOthers;
    }

    @Override
    public Outcome call() {
        return Outcome.ended(ServiceProcess.run("coordinator", CLOSE_WITHIN, console.err(), lifecycle -> {
            CoordinatorSettings read = CoordinatorSettings.read(Sources.ofProcess(settings, variablesOfOthers));
            Logging.apply(read.log());
            Coordinator coordinator = lifecycle.start("coordinator", () -> Coordinator.start(read));
            console.out().println("ready: coordinator on http://" + coordinator.address());
        }));
    }
}
