package dev.spillway.dev.services;

import dev.spillway.cli.Console;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.settings.Settings;
import dev.spillway.worker.app.Worker;
import dev.spillway.worker.app.WorkerSettings;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Runs one worker. */
@Command(name = "worker", description = "Run one host's worker, until it is told to stop.")
final class WorkerService extends ServiceCommand {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerService.class);

    WorkerService(Console console, Set<String> variablesOfOthers) {
        super(WorkerSettings.DECLARATION, console, variablesOfOthers);
    }

    @Override
    void start(Settings settings, Lifecycle lifecycle) throws Exception {
        LOG.info("worker settings:{}{}", System.lineSeparator(), settings.print());
        WorkerSettings read = WorkerSettings.from(settings);
        Worker worker = lifecycle.start("worker", () -> Worker.start(read, failure -> lifecycle.fail("worker", failure)));
        String which = "worker " + read.hostId() + " on " + read.identity().listener().url(worker.address());
        say("listening: " + which);
        worker.awaitJoined();
        say("ready: " + which);
    }
}
