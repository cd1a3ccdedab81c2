package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ConfirmationsTest {
    private static final Sender HOST = new Sender(
            new HostId("host-1"),
            StoreId.parse(UUID.randomUUID().toString()),
            RegistryId.parse(UUID.randomUUID().toString()),
            1,
            1);

    private final ReplicaId replica = ReplicaId.parse("01a1fc29-c23d-7d61-b74c-b516f903fdda");

    @Test
    void aRegistryThatGoesOnRefusingEndsItWithTheReason() throws InterruptedException {
        CountDownLatch tried = new CountDownLatch(2);
        try (Confirmations confirmations = Confirmations.start(reports -> {
            tried.countDown();
            throw new RegistryUnavailableException("no connection", null);
        }, host -> HOST, Duration.ofSeconds(2))) {
            confirmations.doomed(replica);
            tried.await();
            String reason = "the registry took none of 1 reports in PT2S: no connection";
            assertThatThrownBy(confirmations::finish).isInstanceOf(BenchmarkFailedException.class)
                    .hasMessage("confirming evictions: " + reason);
            assertThatThrownBy(() -> confirmations.doomed(replica)).isInstanceOf(BenchmarkFailedException.class)
                    .hasMessage("confirming evictions has ended: " + reason);
        }
    }

    @Test
    void aRegistryThatIsAwayForAWhileGetsTheReport() throws InterruptedException {
        AtomicInteger attempts = new AtomicInteger();
        List<Report> taken = new ArrayList<>();
        try (Confirmations confirmations = Confirmations.start(reports -> {
            if (attempts.incrementAndGet() < 3) {
                throw new RegistryUnavailableException("no connection", null);
            }
            taken.addAll(reports.reports());
        }, host -> HOST, Duration.ofMinutes(1))) {
            confirmations.doomed(replica);
            confirmations.finish();
        }
        assertThat(taken).singleElement().satisfies(report -> assertThat(report.replicaId()).isEqualTo(replica));
    }
}
