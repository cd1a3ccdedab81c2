package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Hosts that delete what they are told to and report it in bulk, as fast as puts evict: who puts faster waits. Without them open orders would
 * only grow, which no fleet lets happen. Thread-safe.
 */
final class Confirmations implements AutoCloseable {
    /** What one put whose eviction is confirmed leaves behind, by table: the evicted replica's row is history, and confirming is told too. */
    static final SortedMap<String, Long> ROWS_LEFT = Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("replica_ids", 1L, "replica_history", 1L, "evictions", 1L, "activity", 2L)));

    private static final int REPORTS = 1_000;
    private static final int WAITING_MAX = 16 * REPORTS;
    private static final long GATHER_MILLIS = 20;
    private static final Duration PAUSE_WHEN_REFUSED = Duration.ofMillis(10);

    private final FilledRegistry stage;
    private final BlockingQueue<ReplicaId> doomed = new ArrayBlockingQueue<>(WAITING_MAX);
    private final FutureTask<Void> work = new FutureTask<>(this::work);
    private volatile boolean closing;

    private Confirmations(FilledRegistry stage) {
        this.stage = stage;
    }

    static Confirmations start(FilledRegistry stage) {
        Confirmations confirmations = new Confirmations(stage);
        Thread.ofVirtual().name("confirmations").start(confirmations.work);
        return confirmations;
    }

    /** Waits while too many are not reported yet. */
    void doomed(ReplicaId id) throws InterruptedException {
        while (!doomed.offer(id, 1, TimeUnit.SECONDS)) {
            if (work.isDone()) {
                throw new BenchmarkFailedException("confirming of evictions has ended");
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
        while (true) {
            try {
                stage.registry().execute(new Command.TakeReports(reports));
                return;
            } catch (RegistryUnavailableException e) {
                Thread.sleep(PAUSE_WHEN_REFUSED);
            }
        }
    }

    private Report deleted(ReplicaId id) {
        Sender host = stage.sender(Images.host(id));
        return new Report(id, host.hostId(), host.storeId(), Report.Result.DELETED, null, null, Images.BYTES);
    }

    /**
     * Reports what is left.
     *
     * @throws BenchmarkFailedException if a report could not be given
     */
    void finish() throws InterruptedException {
        closing = true;
        try {
            work.get();
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("confirming evictions: " + e.getCause(), e);
        }
    }

    /** Ends it at once, unless it has finished. */
    @Override
    public void close() {
        work.cancel(true);
    }
}
