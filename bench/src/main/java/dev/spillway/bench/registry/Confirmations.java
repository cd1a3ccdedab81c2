package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future.State;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Hosts that confirm deletions in bulk, as fast as puts evict. Faster putters have to wait. Without confirmations the number of open orders would
 * only grow, which does not happen in a real fleet. Thread-safe.
 */
final class Confirmations implements AutoCloseable {
    /** Rows that one put with a confirmed eviction adds, by table. The evicted replica moves to the history, and its confirmation is an activity. */
    static final SortedMap<String, Long> ROWS_LEFT = Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("replica_ids", 1L, "replica_history", 1L, "evictions", 1L, "activity", 2L)));

    private static final int REPORTS = 1_000;
    private static final int WAITING_MAX = 16 * REPORTS;
    private static final long GATHER_MILLIS = 20;
    private static final Duration PAUSE_WHEN_REFUSED = Duration.ofMillis(10);
    /**
     * Time for which the registry may refuse the same reports. It is much longer than the waits of a registry under load, and short enough for a
     * person to wait.
     */
    private static final Duration TAKEN_WITHIN = Duration.ofMinutes(1);

    private final Consumer<Command.TakeReports> registry;
    private final IntFunction<Sender> senders;
    private final Duration takenWithin;
    private final BlockingQueue<ReplicaId> doomed = new ArrayBlockingQueue<>(WAITING_MAX);
    private final FutureTask<Void> work = new FutureTask<>(this::work);
    private volatile boolean closing;

    private Confirmations(Consumer<Command.TakeReports> registry, IntFunction<Sender> senders, Duration takenWithin) {
        this.registry = registry;
        this.senders = senders;
        this.takenWithin = takenWithin;
    }

    static Confirmations start(FilledRegistry stage) {
        return start(reports -> stage.registry().execute(reports), stage::sender, TAKEN_WITHIN);
    }

    /** @param takenWithin how long the registry may go on refusing the same reports */
    static Confirmations start(Consumer<Command.TakeReports> registry, IntFunction<Sender> senders, Duration takenWithin) {
        Confirmations confirmations = new Confirmations(registry, senders, takenWithin);
        Thread.ofVirtual().name("confirmations").start(confirmations.work);
        return confirmations;
    }

    /**
     * Waits while too many are not reported yet.
     *
     * @throws BenchmarkFailedException if reports could not be given
     */
    void doomed(ReplicaId id) throws InterruptedException {
        while (work.isDone() || !doomed.offer(id, 1, TimeUnit.SECONDS)) {
            if (work.isDone()) {
                throw new BenchmarkFailedException(
                        "confirming evictions has ended" + (work.state() == State.FAILED ? ": " + work.exceptionNow().getMessage() : ""));
            }
        }
    }

    private Void work() throws InterruptedException {
        List<Report> reports = new ArrayList<>();
        while (true) {
            boolean last = closing;
            ReplicaId first = doomed.poll(GATHER_MILLIS, TimeUnit.MILLISECONDS);
            if (first != null) {
                List<ReplicaId> more = new ArrayList<>(List.of(first));
                doomed.drainTo(more, REPORTS - 1);
                more.forEach(id -> reports.add(deleted(id)));
                report(List.copyOf(reports));
                reports.clear();
            } else if (last) {
                return null;
            }
        }
    }

    private void report(List<Report> reports) throws InterruptedException {
        long deadline = System.nanoTime() + takenWithin.toNanos();
        while (true) {
            try {
                registry.accept(new Command.TakeReports(reports));
                return;
            } catch (RegistryUnavailableException e) {
                if (System.nanoTime() >= deadline) {
                    throw new BenchmarkFailedException(
                            "the registry took none of %d reports in %s: %s".formatted(reports.size(), takenWithin, e.getMessage()),
                            e);
                }
                Thread.sleep(PAUSE_WHEN_REFUSED);
            }
        }
    }

    private Report deleted(ReplicaId id) {
        Sender host = senders.apply(FreshReplicas.host(id));
        return new Report(id, host.hostId(), host.storeId(), Report.Result.DELETED, null, null, FreshReplicas.BYTES);
    }

    /**
     * Sends the remaining reports.
     *
     * @throws BenchmarkFailedException if a report could not be given
     */
    void finish() throws InterruptedException {
        closing = true;
        try {
            work.get();
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("confirming evictions: " + Objects.requireNonNull(e.getCause()).getMessage(), e);
        }
    }

    /** Ends it at once, unless it has finished. */
    @Override
    public void close() {
        work.cancel(true);
    }
}
