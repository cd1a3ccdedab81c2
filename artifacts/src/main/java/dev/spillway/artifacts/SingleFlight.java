package dev.spillway.artifacts;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/** Lets one of many concurrent callers with the same key run an action for all of them. Thread-safe. */
public final class SingleFlight<K, V> {
    private static final class Flight<V> extends CompletableFuture<V> {
        private final Thread leader = Thread.currentThread();
    }

    private final Map<K, Flight<V>> flights = new ConcurrentHashMap<>();

    /**
     * Returns the result of the action. If another caller with the same key is running its action, waits for that result instead. A failure reaches
     * all callers. If the caller that runs the action is interrupted, one of the others runs its own.
     */
    public V run(K key, Callable<V> action) throws Exception {
        while (true) {
            Flight<V> own = new Flight<>();
            Flight<V> earlier = flights.putIfAbsent(key, own);
            if (earlier == null) {
                return lead(key, own, action);
            }
            if (earlier.leader.equals(Thread.currentThread())) {
                throw new IllegalStateException("%s: is asked for by what makes it".formatted(key));
            }
            try {
                return earlier.get();
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    // The caller that ran the action was interrupted, and this one was not, so it tries again.
                    case InterruptedException _, InterruptedIOException _, ClosedByInterruptException _ -> Thread.onSpinWait();
                    case Exception failure -> throw failure;
                    case Error failure -> throw failure;
                    case null, default -> throw e;
                }
            }
        }
    }

    private V lead(K key, Flight<V> flight, Callable<V> action) throws Exception {
        try {
            V result = action.call();
            flights.remove(key, flight);
            flight.complete(result);
            return result;
        } catch (Throwable failure) {
            flights.remove(key, flight);
            flight.completeExceptionally(failure);
            throw failure;
        }
    }
}
