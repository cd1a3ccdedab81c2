package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.RegistryBusyException;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where commands, or reads, wait while those before them are carried out. Who finds nobody at work carries out his own at once, in his own thread,
 * and with it whatever has gathered by the time it has a connection; then the first of those that came meanwhile goes on. So there is no
 * timer and no thread between: a lone caller waits for nobody, and the more callers there are the larger the batches. (Group commit by leader and
 * followers, as in LevelDB's write queue.) Thread-safe.
 */
final class Lane<P extends Pending<?>> {
    private final int capacity;
    private final int weightMax;
    private final Consumer<Supplier<List<P>>> carryOut;

    private final ReentrantLock lock = new ReentrantLock();
    /** In order of arrival, each with the signal that it is its turn to lead. */
    private final Map<P, CompletableFuture<Boolean>> waiting = new LinkedHashMap<>();
    private boolean led;

    /**
     * @param capacity  how many may wait at once
     * @param weightMax how heavy a batch of more than one may be
     * @param carryOut  carries out the batch that it takes from what it is given, and sets every outcome
     */
    Lane(int capacity, int weightMax, Consumer<Supplier<List<P>>> carryOut) {
        this.capacity = capacity;
        this.weightMax = weightMax;
        this.carryOut = carryOut;
    }

    /** How many wait. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns once {@code one} has its outcome.
     *
     * @throws RegistryBusyException        if too many wait already
     * @throws RegistryUnavailableException if the thread was interrupted before it was begun
     */
    void run(P one) {
        CompletableFuture<Boolean> turn = new CompletableFuture<>();
        boolean lead;
        lock.lock();
        try {
            if (waiting.size() >= capacity) {
                throw new RegistryBusyException(one.name() + " was not carried out: " + waiting.size() + " wait already");
            }
            waiting.put(one, turn);
            lead = !led;
            led = true;
        } finally {
            lock.unlock();
        }
        if (lead || comesToLead(one, turn)) {
            // Others rely on whoever leads: an interrupt meant his own, which is about to get its outcome anyway.
            boolean interrupted = Thread.interrupted();
            try {
                lead();
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private void lead() {
        Supplier<List<P>> batch = takenOnce();
        try {
            carryOut.accept(batch);
        } finally {
            for (P one : batch.get()) {
                one.fail(new IllegalStateException(one.name() + " was given no outcome"));
            }
            passOn();
        }
    }

    /** What is taken when it is asked for first, and the same ever after, also if that is nobody. */
    private Supplier<List<P>> takenOnce() {
        AtomicReference<@Nullable List<P>> taken = new AtomicReference<>();
        return () -> {
            List<P> batch = taken.get();
            if (batch == null) {
                batch = take();
                taken.set(batch);
            }
            return batch;
        };
    }

    /** Those that came first, without what must not be in one batch with them. */
    private List<P> take() {
        lock.lock();
        try {
            List<P> batch = new ArrayList<>();
            Set<Object> soles = new HashSet<>();
            long weight = 0;
            for (Iterator<P> rest = waiting.keySet().iterator(); rest.hasNext();) {
                P one = rest.next();
                Object sole = one.soleIn();
                if (one.isTooLate()) {
                    rest.remove();
                } else if (!batch.isEmpty() && weight + one.weight() > weightMax) {
                    break;
                } else if (sole == null || soles.add(sole)) {
                    rest.remove();
                    batch.add(one);
                    weight += one.weight();
                }
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void passOn() {
        lock.lock();
        try {
            if (waiting.isEmpty()) {
                led = false;
            } else {
                waiting.values().iterator().next().complete(true);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the outcome (false), or for its turn to lead (true). */
    private boolean comesToLead(P one, CompletableFuture<Boolean> turn) {
        var _ = one.outcome().handle((answer, failure) -> turn.complete(false));
        try {
            return turn.get();
        } catch (InterruptedException e) {
            if (withdraws(one, turn)) {
                Thread.currentThread().interrupt();
                throw new RegistryUnavailableException(one.name() + " was interrupted before it was begun", e);
            }
            boolean leads = turn.join();
            Thread.currentThread().interrupt();
            return leads;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a turn that fails", e);
        }
    }

    /** Whether it is out of the lane now, neither taken nor about to lead. */
    private boolean withdraws(P one, CompletableFuture<Boolean> turn) {
        lock.lock();
        try {
            return !turn.isDone() && waiting.remove(one) != null;
        } finally {
            lock.unlock();
        }
    }
}
