package dev.spillway.artifacts;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/** Lets one caller do what many ask for at the same time. Thread-safe. */
public final class SingleFlight<K, V> {
    private static final class Flight<V> extends CompletableFuture<V> {
        private final Thread leader = Thread.currentThread();
    }

    private final Map<K, Flight<V>> flights = new ConcurrentHashMap<>();

    /**
     * Returns the result of the action, or of that of a caller that began earlier with the same key and has not ended. A failure reaches all of them.
     * If the caller that acts is interrupted, one of the others acts in its place.
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
                    // who acted was interrupted, and this caller was not
                    case InterruptedException _,InterruptedIOException _,ClosedByInterruptException _ -> Thread.onSpinWait();
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
