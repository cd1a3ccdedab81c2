package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReplicaIdsTest {
    private static final int THREADS = 16;
    private static final int EACH = 50_000;

    @Test
    void putsOfOneMillisecondNeverShareAnId() throws InterruptedException {
        ReplicaIds ids = new ReplicaIds(InstantSource.fixed(Instant.parse("2026-03-01T10:00:00Z")));
        Set<ReplicaId> minted = ConcurrentHashMap.newKeySet();
        CyclicBarrier together = new CyclicBarrier(THREADS);
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    together.await();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                for (int number = 0; number < EACH; number++) {
                    minted.add(ids.mint());
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(minted).hasSize(THREADS * EACH);
    }
}
