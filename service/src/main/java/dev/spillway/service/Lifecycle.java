package dev.spillway.service;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a service, or of a whole fleet in one process, in the order in which they were started. Closing closes them in the reverse
 * order, each exactly once, and goes on when one fails. A lifecycle can be a part of another one. Thread-safe.
 */
public final class Lifecycle implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    private final String name;
    private final Deque<Part> started = new ArrayDeque<>();
    private final CompletableFuture<Ending> ending = new CompletableFuture<>();
    private volatile @Nullable String closing;
    private boolean closed;

    private record Part(String name, AutoCloseable closeable) {}

    /** Why a lifecycle ends. */
    public sealed interface Ending {

        /** Someone asked for it, or closed it. */
        record Requested() implements Ending {}

        /** A part did not start, or cannot go on. */
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
     * Starts a part and keeps it to be closed. When the start fails, all parts started before it are closed before the exception leaves.
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

    /** Asks whoever waits in {@link #awaitEnding} to close this lifecycle. */
    public void requestStop() {
        ending.complete(new Ending.Requested());
    }

    /**
     * Says that a part cannot go on, so that the whole must stop. Only the first reason to end counts; a later failure is logged, unless it
     * follows from the stop: the same failure told on the way out, an interrupted start, a server that another start still waited for.
     */
    public void fail(String part, Throwable cause) {
        if (ending.complete(new Ending.Failed(part, cause))) {
            return;
        }
        if (isEndedBy(cause) || cause instanceof InterruptedException || cause instanceof NotReachableException) {
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

    /** The part that is being closed right now. */
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
