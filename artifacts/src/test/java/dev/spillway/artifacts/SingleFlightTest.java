package dev.spillway.artifacts;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SingleFlightTest {
    private final SingleFlight<String, String> flights = new SingleFlight<>();

    @Test
    void whenTheCallerThatActsIsInterruptedAnotherActs() throws Exception {
        CountDownLatch acting = new CountDownLatch(1);
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> first = pool.submit(() -> flights.run("key", () -> {
                acting.countDown();
                new CountDownLatch(1).await();
                return "first";
            }));
            acting.await();
            Future<String> second = pool.submit(() -> flights.run("key", () -> "second"));
            first.cancel(true);
            assertThat(second.get()).isEqualTo("second");
        }
    }

    @Test
    void aWaitingCallerThatIsInterruptedStopsWaiting() throws Exception {
        CountDownLatch acting = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> first = pool.submit(() -> flights.run("key", () -> {
                acting.countDown();
                end.await();
                return "first";
            }));
            acting.await();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> flights.run("key", () -> "second")).isInstanceOf(InterruptedException.class);
            end.countDown();
            assertThat(first.get()).isEqualTo("first");
        }
    }
}
