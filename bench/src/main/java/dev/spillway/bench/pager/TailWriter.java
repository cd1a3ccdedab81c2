package dev.spillway.bench.pager;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PagePool;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.LongAccumulator;

/** A thread that writes the last page of each sequence in turn, without a break, and times each write. */
final class TailWriter implements AutoCloseable {
    private final PagePool pool;
    private final List<Integer> tails;
    private final LongAccumulator longest = new LongAccumulator(Math::max, 0);
    private final FutureTask<Boolean> writes = new FutureTask<>(this::write);
    private volatile boolean running = true;

    private TailWriter(PagePool pool) {
        this.pool = pool;
        this.tails = pool.sequences().stream().map(LogicalSequence::pages).map(List::getLast).toList();
    }

    static TailWriter start(PagePool pool) {
        TailWriter writer = new TailWriter(pool);
        Thread.ofPlatform().name("writer").start(writer.writes);
        return writer;
    }

    private boolean write() throws InterruptedException {
        BenchedPages.Contents contents = new BenchedPages.Contents(Math.toIntExact(pool.meta().page().bytes()), 4);
        while (running) {
            for (int page : tails) {
                ByteBuffer content = contents.next(page);
                long begin = System.nanoTime();
                pool.writePage(page, content);
                longest.accumulate(System.nanoTime() - begin);
            }
        }
        return true;
    }

    /** Returns the nanoseconds of the longest write since the last call. */
    long takeLongest() {
        if (writes.isDone()) {
            close();
        }
        return longest.getThenReset();
    }

    @Override
    public void close() {
        running = false;
        try {
            writes.get();
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("the writer: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
