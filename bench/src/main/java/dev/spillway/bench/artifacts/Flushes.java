package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Rounds in which each thread puts one artifact, waits for the others, and then flushes, all at the same time. Uses platform threads, because RocksDB
 * blocks its threads.
 */
final class Flushes implements Load {
    private final DurableStore store;
    private final int waiters;
    private final List<byte[]> contents;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong rounds = new AtomicLong();
    private long syncsMost;

    Flushes(DurableStore store, int waiters, int bytes) {
        this.store = store;
        this.waiters = waiters;
        this.contents = Payloads.contents(bytes);
    }

    /** Returns the largest number of syncs in one round of the store under test. */
    long syncsMost() {
        return syncsMost;
    }

    @Override
    public void prepare() {
        rounds.set(0);
    }

    /** The only caller, which leads the rounds. */
    @Override
    public MeasuredOperation caller(int number) {
        ExecutorService threads = Executors.newFixedThreadPool(waiters);
        CyclicBarrier allPut = new CyclicBarrier(waiters);
        Callable<Void> waiter = () -> {
            long artifact = next.getAndIncrement();
            store.put(artifact, contents.get((int) (artifact % contents.size())));
            allPut.await();
            store.flush();
            return null;
        };
        return new MeasuredOperation() {
            @Override
            public Outcome call() throws Exception {
                long before = syncs();
                for (Future<Void> end : threads.invokeAll(Collections.nCopies(waiters, waiter))) {
                    end.get();
                }
                syncsMost = Math.max(syncsMost, syncs() - before);
                rounds.incrementAndGet();
                return Outcome.DONE;
            }

            @Override
            public void close() {
                threads.shutdownNow();
            }
        };
    }

    private long syncs() {
        return store instanceof DurableStore.Segments segments ? segments.store().syncs() : 0;
    }

    @Override
    public void verify(long done) {
        if (rounds.get() != done) {
            throw new BenchmarkFailedException("%d rounds (expected: %d)".formatted(rounds.get(), done));
        }
    }
}
