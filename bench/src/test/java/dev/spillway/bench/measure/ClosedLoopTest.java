package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ClosedLoopTest {
    private static final Duration WINDOW = Duration.ofSeconds(1);
    private static final Duration FOR_EVER = Duration.ofHours(1);

    /** Counts what it did by itself, to compare with what it is told at the end. */
    private static class Counting implements Load {
        final AtomicLong calls = new AtomicLong();
        final AtomicLong open = new AtomicLong();
        final Map<Integer, Long> called = new ConcurrentHashMap<>();
        long verified = -1;

        @Override
        public MeasuredOperation caller(int number) {
            open.incrementAndGet();
            return new MeasuredOperation() {
                @Override
                public Outcome call() {
                    LockSupport.parkNanos(1_000);
                    return Counting.this.call(number);
                }

                @Override
                public void close() {
                    open.decrementAndGet();
                }
            };
        }

        MeasuredOperation.Outcome call(int number) {
            called.merge(number, 1L, Long::sum);
            calls.incrementAndGet();
            return MeasuredOperation.Outcome.DONE;
        }

        @Override
        public void verify(long done) {
            verified = done;
        }
    }

    @Test
    void everyCallIsCountedOnceAndEveryCallerGivesBackWhatItHeld() throws InterruptedException {
        Counting load = new Counting();
        Sample sample = ClosedLoop.run(load, 5, Duration.ZERO, WINDOW);
        assertThat(load.called.keySet()).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertThat(load.open).hasValue(0);
        assertThat(load.verified).isEqualTo(load.calls.get()).isPositive();
        assertThat(sample.operations()).isPositive().isLessThanOrEqualTo(load.calls.get());
        assertThat(sample.p50Micros()).isLessThanOrEqualTo(sample.p99Micros());
        assertThat(sample.p99Micros()).isLessThanOrEqualTo(sample.p999Micros());
    }

    @Test
    void aWindowBesideWorkLastsUntilTheWorkHasEnded() throws InterruptedException {
        Counting load = new Counting();
        AtomicLong callsBefore = new AtomicLong();
        AtomicLong callsAfter = new AtomicLong();
        Sample sample = ClosedLoop.beside(() -> {
            assertThat(load.open).hasValue(5);
            callsBefore.set(load.calls.get());
            while (load.calls.get() < callsBefore.get() + 1_000) {
                LockSupport.parkNanos(1_000);
            }
            callsAfter.set(load.calls.get());
        }, load, 5, Duration.ZERO);
        assertThat(sample.operations()).as("but for those that were under way at either end")
                .isGreaterThanOrEqualTo(callsAfter.get() - callsBefore.get() - 5);
        assertThat(load.open).hasValue(0);
        assertThat(load.verified).isEqualTo(load.calls.get());
    }

    @Test
    void aRefusedCallIsTriedAgainAndIsNotDone() throws InterruptedException {
        Counting load = new Counting() {
            @Override
            MeasuredOperation.Outcome call(int number) {
                return calls.incrementAndGet() == 1 ? MeasuredOperation.Outcome.REFUSED : MeasuredOperation.Outcome.DONE;
            }
        };
        Sample sample = ClosedLoop.run(load, 1, Duration.ZERO, WINDOW);
        assertThat(load.verified).isEqualTo(load.calls.get() - 1).isPositive();
        assertThat(sample.refused()).isLessThanOrEqualTo(1);
    }

    @Test
    void oneCallThatFailsEndsTheRunAtOnceAndNothingIsVerified() {
        Counting load = new Counting() {
            @Override
            MeasuredOperation.Outcome call(int number) {
                if (number == 3) {
                    throw new IllegalStateException("the disk is full");
                }
                return super.call(number);
            }
        };
        assertThatThrownBy(() -> ClosedLoop.run(load, 5, FOR_EVER, FOR_EVER)).isInstanceOf(BenchmarkFailedException.class)
                .hasMessageContaining("the disk is full");
        assertThat(load.open).hasValue(0);
        assertThat(load.verified).isEqualTo(-1);
    }

    @Test
    void anInterruptEndsAllCallers() throws InterruptedException {
        CountDownLatch began = new CountDownLatch(1);
        Counting load = new Counting() {
            @Override
            MeasuredOperation.Outcome call(int number) {
                began.countDown();
                return super.call(number);
            }
        };
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread run = Thread.ofPlatform().start(() -> {
            try {
                ClosedLoop.run(load, 3, FOR_EVER, FOR_EVER);
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        began.await();
        run.interrupt();
        run.join();
        assertThat(interrupted.getCount()).isZero();
        assertThat(load.open).hasValue(0);
    }

    @Test
    void aWindowLastsUntilACallHasEnded() throws InterruptedException {
        Counting load = new Counting() {
            @Override
            MeasuredOperation.Outcome call(int number) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                return super.call(number);
            }
        };
        assertThat(ClosedLoop.run(load, 1, Duration.ZERO, Duration.ZERO, 3, (number, sample) -> {})).hasSize(3)
                .allSatisfy(sample -> assertThat(sample.operations()).isPositive());
    }

    @Test
    void aLineOfWhichEverythingIsRefusedIsNoResult() {
        Scenario line = new Scenario("puts", "puts", 7, 1, new Counting() {
            @Override
            MeasuredOperation.Outcome call(int number) {
                return MeasuredOperation.Outcome.REFUSED;
            }
        });
        assertThatThrownBy(() -> line.measure(new Effort(true, 1, Duration.ZERO, WINDOW, WINDOW)))
                .isInstanceOf(BenchmarkFailedException.class)
                .hasMessageContaining("puts, 7 entries, 1 callers: nothing done");
    }

    @Test
    void aLineIsTheMedianOfItsRounds() throws InterruptedException {
        Scenario line = new Scenario("nothing", "calls", 7, 2, new Counting());
        Effort effort = new Effort(true, 3, Duration.ZERO, Duration.ofMillis(20), Duration.ofMillis(20));
        for (int round = 0; round < effort.rounds(); round++) {
            line.measure(effort);
        }
        Result result = line.result();
        assertThat(result.rounds()).hasSize(3);
        assertThat(result.perSecond()).isEqualTo(result.rounds().stream().sorted().toList().get(1));
    }
}
