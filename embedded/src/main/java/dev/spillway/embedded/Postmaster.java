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
     * Stops a server that a killed process left running. Removes a {@code postmaster.pid} with the id of an unrelated process, which would keep the
     * next server from starting. Keeps a {@code postmaster.pid} whose process is gone: by it PostgreSQL finds out whether children of that process
     * use the data.
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

    /** Returns whether the process runs; false also for a zombie. */
    boolean isAlive() {
        ProcessHandle.Info info = process.info();
        return info.command().filter(command -> command.contains("/postgres")).isPresent()
                && info.arguments().filter(arguments -> List.of(arguments).contains(data.toString())).isPresent();
    }

    /** Stops the server by a fast shutdown; if that takes too long, by an immediate shutdown, and finally by a kill. */
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

    /** Sends a signal. Java itself can send only TERM and KILL, and on TERM PostgreSQL waits for its last client to leave. */
    void signal(String signal) throws IOException {
        new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", signal, Long.toString(process.pid())).start();
    }
}
