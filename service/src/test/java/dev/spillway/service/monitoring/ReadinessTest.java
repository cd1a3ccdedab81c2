package dev.spillway.service.monitoring;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests checks that do not end. */
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
}
