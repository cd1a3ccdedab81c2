package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Recorder;

/**
 * Callers as virtual threads, each with one outstanding call: the next call begins when the last one is answered. So a slow answer delays its
 * caller's next call. Latencies are those of a closed loop with this many callers, not of an open stream of arrivals.
 *
 * <p>A call counts for the window in which it ends. A refused call has no latency and is repeated after a pause. Warm-up and windows last until at
 * least one call has ended in them, even if they should be shorter.
 */
public final class ClosedLoop {
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final Duration PAUSE_WHEN_REFUSED = Duration.ofMillis(10);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    private final Load load;
    private final Recorder latencies = new Recorder(SIGNIFICANT_DIGITS);
    private final LongAdder done = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final CountDownLatch failed = new CountDownLatch(1);
    private volatile boolean running = true;

    private ClosedLoop(Load load) {
        this.load = load;
    }

    /** Called when a window, counted from 1, has ended. The callers continue, and the next window begins when this returns. */
    @FunctionalInterface
    public interface WindowEnd {
        void ended(int window, Sample sample);
    }

    /** Work that runs in parallel to the callers. */
    @FunctionalInterface
    public interface Work {
        void run() throws InterruptedException;
    }

    /** Waits for the end of a window; returns true if a caller failed in the meantime. */
    @FunctionalInterface
    private interface Waiting {
        boolean await() throws InterruptedException;
    }

    /** Runs one window, which begins and ends with the work beside the callers. */
    public static Sample beside(Work work, Load load, int callers, Duration warmUp) throws InterruptedException {
        ClosedLoop loop = new ClosedLoop(load);
        return loop.run(callers, warmUp, () -> {
            work.run();
            return loop.await(Duration.ZERO);
        }, 1, (number, sample) -> {}).getFirst();
    }

    /** Runs one window. */
    public static Sample run(Load load, int callers, Duration warmUp, Duration window) throws InterruptedException {
        return run(load, callers, warmUp, window, 1, (number, sample) -> {}).getFirst();
    }

    /**
     * Runs a load in several windows, and verifies it.
     *
     * @throws BenchmarkFailedException if a call failed, or the load's verification failed
     */
    public static List<Sample> run(Load load, int callers, Duration warmUp, Duration window, int windows, WindowEnd listener)
            throws InterruptedException {
        ClosedLoop loop = new ClosedLoop(load);
        return loop.run(callers, warmUp, () -> loop.await(window), windows, listener);
    }

    private List<Sample> run(int callers, Duration warmUp, Waiting window, int windows, WindowEnd listener) throws InterruptedException {
        load.prepare();
        List<Sample> samples = measure(callers, warmUp, window, windows, listener);
        load.verify(done.sum());
        return samples;
    }

    private List<Sample> measure(int callers, Duration warmUp, Waiting window, int windows, WindowEnd listener)
            throws InterruptedException {
        List<Future<?>> ends = new ArrayList<>();
        List<Sample> samples = new ArrayList<>();
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("caller-", 0).factory())) {
            try {
                for (int number = 0; number < callers; number++) {
                    MeasuredOperation operation = load.caller(number);
                    ends.add(threads.submit(() -> repeat(operation)));
                }
                boolean well = !await(warmUp);
                for (int number = 1; well && number <= windows; number++) {
                    latencies.reset();
                    long refusedBefore = refused.sum();
                    long begin = System.nanoTime();
                    well = !window.await();
                    Duration elapsed = Duration.ofNanos(System.nanoTime() - begin);
                    Sample sample = Sample.of(latencies.getIntervalHistogram(), refused.sum() - refusedBefore, elapsed);
                    samples.add(sample);
                    listener.ended(number, sample);
                }
            } finally {
                running = false;
            }
            for (Future<?> end : ends) {
                end.get();
            }
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("a call failed: " + e.getCause(), e);
        }
        return samples;
    }

    /** Waits for a time, and until one call has ended; returns true if a caller failed. */
    private boolean await(Duration time) throws InterruptedException {
        long endedBefore = ended();
        boolean broken = failed.await(time.toNanos(), TimeUnit.NANOSECONDS);
        while (!broken && ended() == endedBefore) {
            broken = failed.await(LOOK_AGAIN.toNanos(), TimeUnit.NANOSECONDS);
        }
        return broken;
    }

    private long ended() {
        return done.sum() + refused.sum();
    }

    private Void repeat(MeasuredOperation operation) throws Exception {
        boolean well = false;
        try (operation) {
            while (running) {
                long begin = System.nanoTime();
                switch (operation.call()) {
                    case DONE -> {
                        latencies.recordValue(System.nanoTime() - begin);
                        done.increment();
                    }
                    case REFUSED -> {
                        refused.increment();
                        Thread.sleep(PAUSE_WHEN_REFUSED);
                    }
                }
            }
            well = true;
        } finally {
            if (!well) {
                running = false;
                failed.countDown();
            }
        }
        return null;
    }
}
