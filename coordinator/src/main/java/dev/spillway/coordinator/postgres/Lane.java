package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.RegistryBusyException;
import dev.spillway.coordinator.core.RegistryUnavailableException;
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
 * Where commands, or reads, wait while those before them are carried out. A thread of the lane carries out whatever has gathered by the time it has
 * a connection, then what came meanwhile, and so on. So there is no timer: a lone caller waits for nobody, and the more callers there are the larger
 * the batches.
 *
 * <p>The threads are the platform's. They do nothing but wait for the database, a few times for every batch; a virtual thread is parked, polled for
 * and mounted again at each answer, which for a lone caller's put took a sixth of the time. Thread-safe.
 */
final class Lane<P extends Pending<?>> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final int capacity;
    private final int weightMax;
    private final Consumer<Supplier<List<P>>> carryOut;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrivedOrClosed = lock.newCondition();
    /** In order of arrival. */
    private final Set<P> waiting = new LinkedHashSet<>();
    private boolean closed;

    /**
     * Opens the lane.
     *
     * @param name      of its threads
     * @param threads   how many batches may be under way at once
     * @param capacity  how many may wait at once
     * @param weightMax how heavy a batch of more than one may be
     * @param carryOut  carries out the batch that it takes from what it is given, and sets every outcome
     */
    Lane(String name, int threads, int capacity, int weightMax, Consumer<Supplier<List<P>>> carryOut) {
        this.capacity = capacity;
        this.weightMax = weightMax;
        this.carryOut = carryOut;
        for (int number = 1; number <= threads; number++) {
            Thread.ofPlatform().daemon().name(name + "-" + number).start(this::carryOutBatches);
        }
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
     * @throws RegistryUnavailableException if the lane is closed, or the thread was interrupted before it was begun
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

    /** Whether it is out of the lane now, and was not taken. */
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
                // Whoever comes next still needs this thread.
                LOG.error("carrying out a batch", e);
                defect = e;
            }
            for (P one : batch.get()) {
                one.fail(new IllegalStateException(one.name() + " was given no outcome", defect));
            }
        }
    }

    /** Waits until somebody waits; false once the lane is closed. */
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

    /** Who waits fails; what is under way goes on to its end. */
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
