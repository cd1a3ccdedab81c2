package dev.spillway.dev.services;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.service.ServiceProcess;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import dev.spillway.service.settings.Settings;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.Worker;
import dev.spillway.worker.app.WorkerSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Runs one worker. */
@Command(name = "worker", description = "Run one host's worker, until it is told to stop.")
final class WorkerService implements SpillwayCommand {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(45);

    private final Console console;
    private final Set<String> variablesOfOthers;
    @Unmatched
    private List<String> settings = new ArrayList<>();

    WorkerService(Console console, Set<String> variablesOfOthers) {
        this.console = console;
        this.variablesOfOthers = variablesOfOthers;
    }

    @Override
    public Outcome call() {
        return Outcome.ended(ServiceProcess.run("worker", CLOSE_WITHIN, console.err(), lifecycle -> {
            Settings read = WorkerSettings.DECLARATION.read(Sources.ofProcess(settings, variablesOfOthers));
            Logging.apply(LogSettings.from(read));
            Logger log = LoggerFactory.getLogger(WorkerService.class);
            log.info("worker settings:{}{}", System.lineSeparator(), read.print());
            Worker worker = lifecycle.start("worker",
                    () -> Worker.start(WorkerSettings.from(read), failure -> lifecycle.fail("worker", failure)));
            String which = "worker " + WorkerSettings.from(read).hostId() + " on http://" + worker.address();
            console.out().println("listening: " + which);
            worker.awaitJoined();
            console.out().println("ready: " + which);
        }));
    }
}
