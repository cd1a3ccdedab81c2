package dev.spillway.worker.host;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Serialises the requests with one idempotency key, whatever their verb. Thread-safe. */
public final class KeyedRequests {
    private final Duration patience;
    private final Map<String, CountDownLatch> underWay = new ConcurrentHashMap<>();

    /** @param patience longest wait of a request for an earlier one with its key */
    public KeyedRequests(Duration patience) {
        this.patience = patience;
    }

    /** A request's claim on its key. Close it when the request ends. */
    public interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /** @throws HostBusyException if an earlier request takes too long; nothing was done */
    public Place enter(String key) throws HostBusyException, InterruptedException {
        CountDownLatch mine = new CountDownLatch(1);
        for (CountDownLatch other = underWay.putIfAbsent(key, mine); other != null; other = underWay.putIfAbsent(key, mine)) {
            if (!other.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new HostBusyException("a request with this Idempotency-Key is still under way");
            }
        }
        return () -> {
            underWay.remove(key);
            mine.countDown();
        };
    }
}
