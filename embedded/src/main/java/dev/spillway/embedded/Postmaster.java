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
 * The process that serves one data directory. {@code postmaster.pid} alone is not trusted, because process ids are used
 * again: the process must be a PostgreSQL that was started on the directory.
 *
 * @param data the directory as it was given to PostgreSQL
 */
record Postmaster(ProcessHandle process, Path data) {
    private static final Logger LOG = LoggerFactory.getLogger(Postmaster.class);
    private static final long POLL_NANOS = 20_000_000;

    static Optional<Postmaster> of(Path data) {
        String pid = namedIn(pidFile(data));
        return (pid.matches("\\d+") ? ProcessHandle.of(Long.parseLong(pid)) : Optional.<ProcessHandle>empty())
                .map(process -> new Postmaster(process, data))
                .filter(Postmaster::isAlive);
    }

    /**
     * Stops the server that a killed process left running. Removes a {@code postmaster.pid} that would keep the next
     * one from starting. One that names a process that is gone stays: PostgreSQL finds out by it whether children of
     * that process still use the data.
     */
    static void clear(Path data, Duration patience) {
        Path file = pidFile(data);
        Optional<Postmaster> left = of(data);
        if (left.isPresent()) {
            LOG.info("Stopping the PostgreSQL that was left running on {}", data);
            left.get().stop(patience);
        } else if (Files.exists(file)) {
            String pid = namedIn(file);
            try {
                if (!pid.matches("\\d+") || ProcessHandle.of(Long.parseLong(pid)).isPresent()) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new EmbeddedServerException("removing the stale " + file + ": " + e, e);
            }
        }
    }

    private static Path pidFile(Path data) {
        return data.resolve("postmaster.pid");
    }

    private static String namedIn(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file).lines().findFirst().orElse("").strip() : "";
        } catch (IOException e) {
            throw new EmbeddedServerException("reading " + file + ": " + e, e);
        }
    }

    /** Returns false also for a process that has ended and that nobody has waited for yet. */
    boolean isAlive() {
        ProcessHandle.Info info = process.info();
        return info.command().filter(command -> command.contains("/postgres")).isPresent()
                && info.arguments().filter(arguments -> List.of(arguments).contains(data.toString())).isPresent();
    }

    /**
     * Ends the server: its connections are cut and everything is written. After {@code patience} it is ended at once,
     * and the next start recovers. After as long again it is killed. An interrupt does not cut this short.
     */
    void stop(Duration patience) {
        boolean interrupted = Thread.interrupted();
        for (String signal : List.of("INT", "QUIT", "KILL")) {
            if (isAlive()) {
                signal(signal);
            }
            long deadline = System.nanoTime() + patience.toNanos();
            while (isAlive() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(POLL_NANOS);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (isAlive()) {
            throw new EmbeddedServerException("PostgreSQL " + process.pid() + " on " + data + " is still there after a kill");
        }
    }

    /** Java itself sends TERM and KILL alone. To PostgreSQL, TERM means: when the last client has gone. */
    void signal(String signal) {
        try {
            new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", signal, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new EmbeddedServerException("sending " + signal + " to PostgreSQL " + process.pid() + ": " + e, e);
        }
    }
}
