package dev.spillway.service;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a service, or of a whole fleet in one process, in the order in which they were started. Closing the lifecycle closes the parts in
 * reverse order, each exactly once, and continues if one fails. A lifecycle can be a part of another one. Thread-safe.
 */
public final class Lifecycle implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    private final String name;
    private final Deque<Part> started = new ArrayDeque<>();
    private final CompletableFuture<Ending> ending = new CompletableFuture<>();
    private volatile @Nullable String closing;
    private boolean closed;

    private record Part(String name, AutoCloseable closeable) {}

    /** The reason why a lifecycle ends. */
    public sealed interface Ending {

        /** Somebody requested the stop, or closed the lifecycle. */
        record Requested() implements Ending {}

        /** A part did not start, or cannot continue. */
        record Failed(String part, Throwable cause) implements Ending {}
    }

    /** Makes and starts one part. */
    @FunctionalInterface
    public interface Start<T> {
        T start() throws Exception;
    }

    public Lifecycle(String name) {
        this.name = name;
    }

    /**
     * Starts a part, which is closed with the lifecycle. If the start fails, all parts that were started before it are closed before the exception is
     * thrown.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public <T extends AutoCloseable> T start(String part, Start<T> start) throws Exception {
        requireOpen(part);
        T made;
        try {
            made = start.start();
        } catch (Throwable e) {
            fail(part, e);
            try {
                close();
            } catch (IllegalStateException onClose) {
                e.addSuppressed(onClose);
            }
            throw e;
        }
        if (!keep(new Part(part, made))) {
            made.close();
            requireOpen(part);
        }
        return made;
    }

    private synchronized boolean keep(Part part) {
        if (!closed) {
            started.push(part);
        }
        return !closed;
    }

    private synchronized void requireOpen(String part) {
        if (closed) {
            throw new IllegalStateException(name + ": " + part + " was to start, but the lifecycle is closed");
        }
    }

    /** Requests a stop: wakes the thread that waits in {@link #awaitEnding}, which then closes this lifecycle. */
    public void requestStop() {
        ending.complete(new Ending.Requested());
    }

    /**
     * Reports that a part cannot continue, so that the whole must stop. Only the first reason to end counts. A later failure is logged, unless it is
     * a consequence of the stop: the same failure again, an interrupted start, or a server that another start was still waiting for.
     */
    public void fail(String part, Throwable cause) {
        if (ending.complete(new Ending.Failed(part, cause))) {
            return;
        }
        if (isEndedBy(cause) || cause instanceof InterruptedException || cause instanceof DependencyUnavailableException) {
            LOG.debug("{}: {} ended while stopping", name, part, cause);
        } else {
            LOG.warn("{}: {} failed while stopping: {}", name, part, cause.toString());
        }
    }

    private boolean isEndedBy(Throwable cause) {
        return ending.resultNow() instanceof Ending.Failed(var _, var first) && first.equals(cause);
    }

    /** Waits until there is a reason to end. */
    public Ending awaitEnding() throws InterruptedException {
        try {
            return ending.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the part that is being closed now; null if there is none. */
    @Nullable
    String closing() {
        return closing;
    }

    /**
     * Closes all parts, the last started first. Later calls do nothing.
     *
     * @throws IllegalStateException when a part did not close, with the first failure as its cause and the others suppressed
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        requestStop();
        IllegalStateException failures = null;
        for (var part = next(); part != null; part = next()) {
            closing = part.name();
            try {
                part.closeable().close();
                LOG.debug("{}: {} closed", name, part.name());
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                LOG.error("{}: {} did not close: {}", name, part.name(), e.toString());
                if (failures == null) {
                    failures = new IllegalStateException(name + ": " + part.name() + " did not close", e);
                } else {
                    failures.addSuppressed(e);
                }
            }
        }
        closing = null;
        if (failures != null) {
            throw failures;
        }
    }

    private synchronized @Nullable Part next() {
        return started.poll();
    }
}
