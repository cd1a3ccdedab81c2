package dev.spillway.dev.services;

import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.ServiceProcess;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import dev.spillway.service.settings.Settings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** Runs one service with settings from the command line, the environment and a file, or prints them. */
abstract class ServiceCommand implements SpillwayCommand {
    /** Time limit of an orderly stop. Supervisors must wait longer before they kill the process. */
    static final Duration CLOSE_WITHIN = Duration.ofSeconds(45);

    private final SettingsDeclaration declaration;
    private final Console console;
    private final Set<String> variablesOfOthers;
    @Option(
            names = "--print-config",
            description = "Print each setting with its value and where that comes from, secrets hidden, and start nothing.")
    private boolean printConfig;
    @Unmatched
    private List<String> arguments = new ArrayList<>();

    ServiceCommand(SettingsDeclaration declaration, Console console, Set<String> variablesOfOthers) {
        this.declaration = declaration;
        this.console = console;
        this.variablesOfOthers = variablesOfOthers;
    }

    /** Starts the parts of the service through the lifecycle. Interrupted if a stop is requested during the start. */
    abstract void start(Settings settings, Lifecycle lifecycle) throws Exception;

    final void say(String line) {
        console.out().println(line);
    }

    @Override
    public final CommandOutcome call() {
        Settings settings;
        try {
            settings = declaration.read(Sources.ofProcess(arguments, variablesOfOthers));
        } catch (SettingsException e) {
            console.err().println(e.getMessage());
            return CommandOutcome.ended(ServiceProcess.WRONG_SETTINGS);
        }
        if (printConfig) {
            console.out().print(settings.print());
            return CommandOutcome.done();
        }
        Logging.apply(LogSettings.from(settings));
        return CommandOutcome.ended(
                ServiceProcess.run(declaration.service(), CLOSE_WITHIN, console.err(), lifecycle -> start(settings, lifecycle)));
    }
}
