package dev.spillway.dev;

import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.embedded.EmbeddedServerException;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.ServiceProcess;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import dev.spillway.service.settings.SettingProblem;
import dev.spillway.service.settings.SettingsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The common options of commands that run a whole fleet on this machine, and the run itself. */
final class FleetOptions {
    private static final int HOSTS_MAX = 100;
    private static final int PORT_MAX = 65_535;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(60);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;
    @Option(names = "--hosts", paramLabel = "N", description = "How many hosts (default: 3).")
    private int hosts = 3;
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Keep everything in this directory between runs (default: a temporary one, gone at exit).")
    private @Nullable Path data;
    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Where the coordinator listens; the workers on this + 10, + 11, ... (default: 7070).")
    private int port = 7070;

    /** Starts further parts of the lifecycle once the fleet is ready. */
    @FunctionalInterface
    interface Beside {
        void start(Lifecycle lifecycle, DevFleet fleet) throws Exception;
    }

    /**
     * Runs the fleet until it is stopped.
     *
     * @param guests number of hosts that are not started with the fleet, but by {@code beside}
     */
    CommandOutcome run(String name, Console console, int guests, Beside beside) throws InterruptedException {
        check();
        LogSettings logSettings = logSettings();
        requireFree(port, "the coordinator");
        for (int host = 1; host <= hosts + guests; host++) {
            requireFree(port + DevFleet.FIRST_WORKER + host - 1, "host-" + host);
        }
        try {
            if (data != null) {
                new DevFleet(DevFolder.placeOf(data), false, port, hosts, console.out()).check();
            }
            return run(name, logSettings, console, beside);
        } catch (SettingsException e) {
            SettingProblem first = e.problems().getFirst();
            return CommandOutcome.failed(
                    "--data: it cannot be used: %s: %s (expected: %s)".formatted(first.name(), first.value(), first.expected()));
        } catch (EmbeddedServerException e) {
            return CommandOutcome.failed("--data: " + e.getMessage());
        } catch (IOException e) {
            return CommandOutcome.failed("data: " + e.getMessage());
        }
    }

    private CommandOutcome run(String name, LogSettings logSettings, Console console, Beside beside)
            throws SettingsException, IOException, InterruptedException {
        try (DevFolder folder = DevFolder.open(data)) {
            Path log = LogFiles.next(folder.path().resolve("logs"));
            Logging.apply(logSettings, log);
            DevFleet fleet = new DevFleet(folder.path(), folder.temporary(), port, hosts, console.out());
            fleet.checkStores();
            console.out().printf("data         %s%s%n", folder.path(), folder.temporary() ? " (goes at exit; --data DIR keeps it)" : "");
            console.out().println("log          " + log);
            return CommandOutcome.ended(ServiceProcess.run(name, CLOSE_WITHIN, console.err(), lifecycle -> {
                fleet.start(lifecycle);
                beside.start(lifecycle, fleet);
            }));
        }
    }

    private LogSettings logSettings() {
        try {
            return LogSettings.of(System.getenv());
        } catch (SettingsException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private void check() {
        try {
            if (data != null && data.toString().isEmpty()) {
                throw new InvalidValueException("--data", "''", "a directory, or a path where none is yet");
            }
            if (hosts < 1 || hosts > HOSTS_MAX) {
                throw new InvalidValueException("--hosts", hosts, "1 to " + HOSTS_MAX);
            }
            int most = PORT_MAX - DevFleet.FIRST_WORKER - hosts + 1;
            if (port < 1 || port > most) {
                throw new InvalidValueException("--port", port, "1 to " + most + ", so that all hosts have one");
            }
        } catch (InvalidValueException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** Checks a port before anything is started, because a busy port is the most common mistake. */
    private static void requireFree(int port, String whose) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new CommandFailedException(
                    CommandOutcome.failed(
                            "port %d of %s: %s (expected: a free port; --port moves them all)".formatted(port, whose, e.getMessage())));
        }
    }
}
