package dev.spillway.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running PostgreSQL, a child of this process but of its own session: Ctrl-C on the terminal reaches its owner
 * alone, who stops it when it is time.
 */
final class Postmaster {
    /** What the server says goes here, at debug level; what it said last goes into exceptions too. */
    private static final Logger SERVER_LOG = LoggerFactory.getLogger("dev.spillway.embedded.postgres");
    private static final Logger LOG = LoggerFactory.getLogger(Postmaster.class);
    private static final int REMEMBERED_LINES = 20;
    /**
     * The reader of the server's log can wait a little for a last line that never ends in a newline, or for a child
     * that outlives its parent.
     */
    private static final Duration DRAIN = Duration.ofSeconds(2);

    private final Process process;
    private final Thread reader;
    private final Deque<String> lastLines = new ArrayDeque<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private Postmaster(Process process) {
        this.process = process;
        this.reader = Thread.ofPlatform().daemon().name("postgres-log-" + process.pid()).unstarted(this::readLog);
    }

    static Postmaster spawn(PostgresBinaries binaries, Path data, RunAs runAs, int port, PostgresSettings settings) {
        List<String> command = new ArrayList<>(newSession());
        command.addAll(runAs.command(List.of(binaries.program("postgres"), "-D", data.toString(), "-p", Integer.toString(port))));
        option(command, "max_connections", Integer.toString(settings.maxConnections()));
        PostgresSettings.FIXED.forEach((name, value) -> option(command, name, value));
        Map.of("logging_collector", "off", "log_destination", "stderr", "lc_messages", "C", "timezone", "UTC")
                .forEach((name, value) -> option(command, name, value));
        settings.parameters().forEach((name, value) -> option(command, name, value));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).directory(data.toFile()).start();
            Postmaster postmaster = new Postmaster(process);
            postmaster.reader.start();
            return postmaster;
        } catch (IOException e) {
            throw new EmbeddedServerException("starting PostgreSQL on " + data + ": " + e, e);
        }
    }

    private static void option(List<String> command, String name, String value) {
        command.add("-c");
        command.add(name + "=" + value);
    }

    private static List<String> newSession() {
        for (String setsid : List.of("/usr/bin/setsid", "/bin/setsid")) {
            if (Files.isExecutable(Path.of(setsid))) {
                return List.of(setsid);
            }
        }
        return List.of("perl", "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV or die \"$ARGV[0]: $!\\n\"", "--");
    }

    private void readLog() {
        try (BufferedReader lines = new BufferedReader(process.inputReader(StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                SERVER_LOG.debug("{}", line);
                synchronized (lastLines) {
                    lastLines.addLast(line);
                    if (lastLines.size() > REMEMBERED_LINES) {
                        lastLines.removeFirst();
                    }
                }
                if (line.endsWith("database system is ready to accept connections")) {
                    ready.complete(null);
                }
            }
        } catch (IOException e) {
            LOG.debug("The log of PostgreSQL {} ended: {}", process.pid(), e.toString());
        }
        ready.completeExceptionally(new EmbeddedServerException("PostgreSQL ended"));
    }

    /** @return whether the server is ready; false if it ended before */
    boolean awaitReady(Duration patience) {
        try {
            ready.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException e) {
            return false;
        } catch (TimeoutException e) {
            throw new EmbeddedServerException("PostgreSQL was not ready within " + patience + ": " + lastWords(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted while waiting for PostgreSQL", e);
        }
    }

    String lastWords() {
        try {
            if (!process.isAlive()) {
                reader.join(DRAIN);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (lastLines) {
            return String.join(System.lineSeparator(), lastLines);
        }
    }

    long pid() {
        return process.pid();
    }

    CompletableFuture<Process> onExit() {
        return process.onExit();
    }

    /**
     * Ends the server: connections are cut and everything is written; after {@code patience} without that, at once,
     * and the next start recovers; after as long again, by a kill. Goes on when interrupted, and leaves the thread
     * interrupted.
     */
    void stop(Duration patience) {
        boolean interrupted = false;
        try {
            for (String signal : List.of("INT", "QUIT", "KILL")) {
                if (!process.isAlive()) {
                    return;
                }
                if (!signal.equals("INT")) {
                    LOG.warn("PostgreSQL {} has not stopped within {}: sending {}", process.pid(), patience, signal);
                }
                interrupted |= Thread.interrupted();
                PostgresProcesses.signal(process.toHandle(), signal);
                interrupted |= Thread.interrupted();
                interrupted |= waitFor(patience);
            }
            if (process.isAlive()) {
                throw new EmbeddedServerException("PostgreSQL " + process.pid() + " is still there after a kill");
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** @return whether the thread was interrupted meanwhile */
    private boolean waitFor(Duration patience) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                if (process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    reader.join(DRAIN);
                }
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }
}
