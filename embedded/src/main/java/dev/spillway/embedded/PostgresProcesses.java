package dev.spillway.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes that serve one data directory, found without trusting {@code postmaster.pid} alone: a process id is
 * used again, a working directory is not. A postmaster and all of its children run in the data directory.
 */
final class PostgresProcesses {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresProcesses.class);
    private static final Path PROC = Path.of("/proc");
    private static final long POLL_MILLIS = 20;

    private PostgresProcesses() {}

    static List<ProcessHandle> serving(Path data) {
        if (Files.isDirectory(PROC.resolve("self"))) {
            return ProcessHandle.allProcesses().filter(process -> runsIn(process, data)).toList();
        }
        return namedInPidFile(data)
                .filter(process -> isPostgres(process.info().command().orElse(""))
                        && process.info().arguments().map(List::of).orElse(List.of()).contains(data.toString()))
                .stream()
                .toList();
    }

    private static boolean runsIn(ProcessHandle process, Path data) {
        Path entry = PROC.resolve(Long.toString(process.pid()));
        try {
            return Files.readSymbolicLink(entry.resolve("cwd")).equals(data)
                    && isPostgres(Files.readSymbolicLink(entry.resolve("exe")).toString());
        } catch (IOException e) {
            // Ended meanwhile, or another user's: not ours to stop, and the file system will say so if it matters.
            return false;
        }
    }

    /** The kernel marks a program whose file was replaced or removed since. */
    private static boolean isPostgres(String program) {
        String file = program.endsWith(" (deleted)") ? program.substring(0, program.length() - " (deleted)".length()) : program;
        return file.endsWith("/postgres");
    }

    private static Optional<ProcessHandle> namedInPidFile(Path data) {
        try {
            Path file = data.resolve("postmaster.pid");
            return Files.exists(file) ? ProcessHandle.of(Long.parseLong(Files.readAllLines(file).getFirst().strip())) : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            throw new EmbeddedServerException("reading postmaster.pid in " + data + ": " + e, e);
        }
    }

    /**
     * Stops whatever serves the data directory, which its holder calls only while it holds the directory's lock: then
     * it is a server whose owner was killed.
     *
     * @param patience for a clean stop; the same again for an immediate one, before the processes are killed
     */
    static void stop(Path data, Duration patience) {
        if (!Files.isDirectory(data)) {
            return;
        }
        List<ProcessHandle> found = serving(data);
        if (!found.isEmpty()) {
            LOG.info("Stopping the PostgreSQL that a killed process left running on {}", data);
            if (!ended(data, "INT", patience) && !ended(data, "QUIT", patience)) {
                serving(data).forEach(ProcessHandle::destroyForcibly);
                if (!waitUntilNone(data, patience)) {
                    throw new EmbeddedServerException(
                            "stopping the PostgreSQL left running on " + data + ": still there after a kill: " + serving(data));
                }
            }
        }
        forgetPidFile(data);
    }

    /** PostgreSQL takes any process with the id in its file for a running server; after {@link #stop} there is none. */
    private static void forgetPidFile(Path data) {
        try {
            Files.deleteIfExists(data.resolve("postmaster.pid"));
        } catch (IOException e) {
            throw new EmbeddedServerException("removing the stale postmaster.pid in " + data + ": " + e, e);
        }
    }

    private static boolean ended(Path data, String signal, Duration patience) {
        List<ProcessHandle> all = serving(data);
        Set<Long> ids = all.stream().map(ProcessHandle::pid).collect(Collectors.toSet());
        all.stream()
                .filter(process -> process.parent().map(parent -> !ids.contains(parent.pid())).orElse(true))
                .forEach(postmaster -> signal(postmaster, signal));
        return waitUntilNone(data, patience);
    }

    private static boolean waitUntilNone(Path data, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!serving(data).isEmpty()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new EmbeddedServerException("interrupted while stopping the PostgreSQL left running on " + data, e);
            }
        }
        return true;
    }

    /**
     * Java itself can only send TERM and KILL, which for PostgreSQL mean "when the last client has gone" and "recover
     * next time".
     */
    static void signal(ProcessHandle process, String signal) {
        try {
            Process kill =
                    new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", signal, Long.toString(process.pid())).redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                kill.destroyForcibly();
                LOG.debug("{} could not be sent to process {}", signal, process.pid());
            }
        } catch (IOException e) {
            LOG.warn("{} could not be sent to process {}: {}", signal, process.pid(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
