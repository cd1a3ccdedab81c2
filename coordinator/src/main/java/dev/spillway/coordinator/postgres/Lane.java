package dev.spillway.coordinator.postgres;

import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryUnavailableException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queues commands, or reads, and carries them out in batches. Once a thread of the lane has a connection, it takes all items that have gathered.
 * While it works, further items gather for the next batch. There is no timer: a single caller never waits for others, and more callers make larger
 * batches.
 *
 * <p>The threads are platform threads. They only wait for the database, a few times per batch. Virtual threads were slower: parking and mounting at
 * each answer took a sixth of the time of a single put. Thread-safe.
 */
final class Lane<P extends Pending<?>> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final int capacity;
    private final int weightMax;
    private final Consumer<Supplier<List<P>>> carryOut;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrivedOrClosed = lock.newCondition();
    /** Waiting items in the order of arrival. */
    private final Set<P> waiting = new LinkedHashSet<>();
    private boolean closed;

    /**
     * Opens the lane.
     *
     * @param name      name of its threads
     * @param threads   number of batches that may be under way at once
     * @param capacity  number of items that may wait at once
     * @param weightMax largest weight of a batch of more than one item
     * @param carryOut  takes a batch from the supplier, carries it out, and sets the outcome of every item
     */
    Lane(String name, int threads, int capacity, int weightMax, Consumer<Supplier<List<P>>> carryOut) {
        this.capacity = capacity;
        this.weightMax = weightMax;
        this.carryOut = carryOut;
        for (int number = 1; number <= threads; number++) {
            Thread.ofPlatform().daemon().name(name + "-" + number).start(this::carryOutBatches);
        }
    }

    /** Returns the number of waiting items. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Queues an item, and returns once it has its outcome.
     *
     * @throws RegistryBusyException        if too many wait already
     * @throws RegistryUnavailableException if the lane is closed, or the thread was interrupted before the item was begun
     */
    void run(P one) {
        lock.lock();
        try {
            if (closed) {
                throw new RegistryUnavailableException(one.name() + " was not carried out: the registry is closed", null);
            }
            if (waiting.size() >= capacity) {
                throw new RegistryBusyException(one.name() + " was not carried out: " + waiting.size() + " wait already");
            }
            waiting.add(one);
            arrivedOrClosed.signal();
        } finally {
            lock.unlock();
        }
        awaitOutcome(one);
    }

    private void awaitOutcome(P one) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    one.await();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (withdraws(one)) {
                        throw new RegistryUnavailableException(one.name() + " was interrupted before it was begun", e);
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Removes an item from the lane, and returns whether it was still waiting. */
    private boolean withdraws(P one) {
        lock.lock();
        try {
            return waiting.remove(one);
        } finally {
            lock.unlock();
        }
    }

    private void carryOutBatches() {
        while (awaitArrival()) {
            Supplier<List<P>> batch = takenOnce();
            @Nullable
            Throwable defect = null;
            try {
                carryOut.accept(batch);
            } catch (Throwable e) {
                // The failure must not end this thread, because later items need it.
                LOG.error("carrying out a batch", e);
                defect = e;
            }
            for (P one : batch.get()) {
                one.fail(new IllegalStateException(one.name() + " was given no outcome", defect));
            }
        }
    }

    /** Waits until an item is queued; returns false once the lane is closed. */
    private boolean awaitArrival() {
        lock.lock();
        try {
            while (!closed && waiting.isEmpty()) {
                arrivedOrClosed.awaitUninterruptibly();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Returns a supplier that takes a batch at its first call, and returns the same batch, even an empty one, at every later call. */
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

    /** Takes items for one batch in the order of arrival. */
    private List<P> take() {
        lock.lock();
        try {
            List<P> batch = new ArrayList<>();
            Set<Object> soles = new HashSet<>();
            long weight = 0;
            for (Iterator<P> rest = waiting.iterator(); rest.hasNext();) {
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

    /** Fails the waiting items. Running batches complete. */
    @Override
    public void close() {
        List<P> left;
        lock.lock();
        try {
            closed = true;
            left = List.copyOf(waiting);
            waiting.clear();
            arrivedOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
        left.forEach(one -> one.fail(new RegistryUnavailableException(one.name() + " was not carried out: the registry was closed", null)));
    }
}
