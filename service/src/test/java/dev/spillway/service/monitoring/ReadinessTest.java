package dev.spillway.service.monitoring;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class ReadinessTest {
    @Test
    void aCheckThatHangsFailsInTimeAndIsNotStartedTwice() throws Exception {
        var started = new Semaphore(0);
        var hang = new CountDownLatch(1);
        var readiness = new Readiness(Duration.ofMillis(100)).add("kafka", () -> {
            started.release();
            hang.await();
        });
        var vertx = Vertx.vertx();
        try {
            var checks = readiness.checks(vertx);
            assertThat(checks.report().parts().getFirst().why()).isEqualTo("no answer in PT0.1S");
            assertThat(checks.report().ready()).isFalse();
            assertThat(started.availablePermits()).isEqualTo(1);
            hang.countDown();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get();
        }
    }

    @Test
    @Timeout(300)
    void aServiceThatIsToStopIsNotReadyAndGoesOnForAWhile() throws Exception {
        var readiness = new Readiness(Duration.ofMinutes(1)).add("kafka", () -> {});
        var vertx = Vertx.vertx();
        try {
            var checks = readiness.checks(vertx);
            readiness.beforeStop(Duration.ZERO).close();
            assertThat(checks.report().ready()).as("ready after a stop without a delay").isTrue();
            var stopping = readiness.beforeStop(Duration.ofMinutes(5));
            var thread = Thread.ofVirtual().start(() -> {
                try {
                    stopping.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            while (checks.report().ready()) {
                Thread.onSpinWait();
            }
            assertThat(checks.report().parts()).extracting(Readiness.Part::why).containsExactly(null, "stops in a moment");
            assertThat(thread.isAlive()).as("the delay still runs").isTrue();
            thread.interrupt();
            thread.join();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get();
        }
    }
}
