package dev.spillway.service;

import dev.spillway.service.settings.SettingsException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that runs until it is told to stop: starts its parts, waits for SIGTERM, SIGINT, SIGHUP or the failure of a part, and closes the parts
 * within a deadline. The caller ends the process with the exit code.
 */
public final class ServiceProcess {

    /** Exit code: the process was stopped on request, and closed in time. */
    public static final int STOPPED = 0;
    /** Exit code: the service did not start, a part failed, or the parts did not close in time. */
    public static final int FAILED = 1;
    /** Exit code: settings are wrong or missing. */
    public static final int WRONG_SETTINGS = 2;
    /** Exit code: a server that the service needs did not answer during the start. */
    public static final int NOT_REACHABLE = 4;

    private static final Logger LOG = LoggerFactory.getLogger(ServiceProcess.class);

    /** Starts the parts of a service, each through the lifecycle. Interrupted if a stop is requested during the start. */
    @FunctionalInterface
    public interface Parts {
        void start(Lifecycle lifecycle) throws Exception;
    }

    private ServiceProcess() {}

    /**
     * Runs a service on the calling thread until it stops, and returns the exit code. Further signals during the close are ignored, because a process
     * that ends halfway would leave child processes and files behind. Child processes that the close has not ended in time are killed.
     *
     * @param closeWithin time limit of the graceful close
     * @param errors stream for the reasons why it did not start or stop, one line per problem
     */
    public static int run(String name, Duration closeWithin, PrintStream errors, Parts parts) {
        var lifecycle = new Lifecycle(name);
        var signals = new AtomicInteger();
        StopSignals.handle(() -> {
            if (signals.getAndIncrement() > 0) {
                errors.println(name + ": stopping already");
            } else {
                errors.println(name + ": stopping, in at most " + closeWithin.toSeconds() + " s");
                lifecycle.requestStop();
            }
        });
        return run(lifecycle, name, closeWithin, errors, parts);
    }

    /** Does the same for a given lifecycle, which the caller can end. */
    static int run(Lifecycle lifecycle, String name, Duration closeWithin, PrintStream errors, Parts parts) {
        // The start runs on a thread of its own, so that a signal can end one that still waits for a server.
        var starter = Thread.ofPlatform().name("start-" + name).start(() -> {
            try {
                parts.start(lifecycle);
            } catch (Throwable e) {
                lifecycle.fail(name, e);
            }
        });
        int code;
        try {
            code = switch (lifecycle.awaitEnding()) {
                case Lifecycle.Ending.Requested() -> STOPPED;
                case Lifecycle.Ending.Failed(var part, var cause) ->
                        report(name, part.equals(name) ? name : name + ": " + part, cause, errors);
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            code = FAILED;
        }
        starter.interrupt();
        return closeInTime(lifecycle, starter, name, closeWithin, errors) ? code : FAILED;
    }

    /** Prints one line for people. Only a defect is also logged with its stack trace, because the message of an expected failure says what to do. */
    private static int report(String name, String where, Throwable cause, PrintStream errors) {
        return switch (cause) {
            case SettingsException e -> {
                errors.println(e.getMessage());
                yield WRONG_SETTINGS;
            }
            case DependencyUnavailableException e -> {
                errors.println(name + ": " + e.getMessage());
                yield NOT_REACHABLE;
            }
            default -> {
                if (cause instanceof RuntimeException || cause instanceof Error) {
                    LOG.error("{} failed", where, cause);
                } else {
                    LOG.debug("{} failed", where, cause);
                }
                errors.println(where + ": " + (cause.getMessage() == null ? cause.toString() : cause.getMessage()));
                yield FAILED;
            }
        };
    }

    /**
     * Closes the parts within the deadline. A part that is still being started is closed by its starter, so the starter must end, too: it may hold
     * processes and files.
     */
    private static boolean closeInTime(Lifecycle lifecycle, Thread starter, String name, Duration closeWithin, PrintStream errors) {
        var closing = new FutureTask<Void>(() -> {
            try {
                lifecycle.close();
            } finally {
                starter.join();
            }
            return null;
        });
        Thread.ofPlatform().daemon().name("close-" + name).start(closing);
        try {
            closing.get(closeWithin.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            var closingNow = lifecycle.closing();
            errors.println(
                    name + ": not closed in " + closeWithin + ", still "
                            + (closingNow == null ? "ending what was being started" : "closing " + closingNow));
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
        } catch (ExecutionException e) {
            LOG.error("{}: closing failed", name, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
