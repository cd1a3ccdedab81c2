package dev.spillway.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that serves one data directory. {@code postmaster.pid} alone is not trusted, because process ids are used again: the process must be
 * a PostgreSQL that was started on the directory.
 *
 * @param data the directory as it was given to PostgreSQL
 */
record Postmaster(ProcessHandle process, Path data) {
    private static final Logger LOG = LoggerFactory.getLogger(Postmaster.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    static Optional<Postmaster> of(Path data) throws IOException {
        return named(data).map(process -> new Postmaster(process, data)).filter(Postmaster::isAlive);
    }

    private static Optional<ProcessHandle> named(Path data) throws IOException {
        Path file = data.resolve("postmaster.pid");
        String pid = Files.exists(file) ? Files.readString(file).lines().findFirst().orElse("") : "";
        return pid.matches("\\d+") ? ProcessHandle.of(Long.parseLong(pid)) : Optional.empty();
    }

    /**
     * Stops the server that a killed process left running. Removes a {@code postmaster.pid} that names a stranger's process and would keep the next
     * server from starting. One that names no process stays: PostgreSQL finds out by it whether children of that process still use the data.
     */
    static void clear(Path data) throws IOException {
        Optional<Postmaster> left = of(data);
        if (left.isPresent()) {
            LOG.info("Stopping the PostgreSQL that was left running on {}", data);
            left.get().stop();
        } else if (named(data).isPresent()) {
            Files.delete(data.resolve("postmaster.pid"));
        }
    }

    /** Returns false also for a process that has ended and that nobody has waited for yet. */
    boolean isAlive() {
        ProcessHandle.Info info = process.info();
        return info.command().filter(command -> command.contains("/postgres")).isPresent()
                && info.arguments().filter(arguments -> List.of(arguments).contains(data.toString())).isPresent();
    }

    /** Cuts connections and has everything written; if that takes too long, ends the server at once, and at last kills it. */
    void stop() throws IOException {
        for (String signal : List.of("INT", "QUIT", "KILL")) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            if (isAlive()) {
                signal(signal);
            }
            while (isAlive() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(20_000_000);
            }
        }
        if (isAlive()) {
            throw new IOException("PostgreSQL " + process.pid() + " on " + data + " is still there after a kill");
        }
    }

    /** Java itself sends TERM and KILL alone. To PostgreSQL, TERM means: when the last client has gone. */
    void signal(String signal) throws IOException {
        new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", signal, Long.toString(process.pid())).start();
    }
}
