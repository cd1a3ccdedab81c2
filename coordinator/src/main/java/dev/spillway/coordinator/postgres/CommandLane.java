package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.IdempotencyKey;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Where commands wait while the transaction of those before them commits. Whoever finds nobody at work carries out his own command at once, in
 * his own thread, and with it whatever has gathered by the time its transaction has begun; then the first of those that came meanwhile goes on. So
 * there is no timer and no thread between: a lone caller waits for nobody, and the more callers there are the larger the batches. (Group commit by
 * leader and followers, as in LevelDB's write queue.) Thread-safe.
 */
final class CommandLane {
    private final int capacity;
    private final int weightMax;
    private final Consumer<Supplier<List<PendingCommand<?>>>> carryOut;

    private final ReentrantLock lock = new ReentrantLock();
    /** In order of arrival, each with the signal that it is its turn to lead. */
    private final Map<PendingCommand<?>, CompletableFuture<Boolean>> waiting = new LinkedHashMap<>();
    private boolean led;

    /**
     * @param capacity  commands that may wait at once
     * @param weightMax how heavy a batch may be, if it is more than one command
     * @param carryOut  carries out the batch that it takes from what it is given, once, and sets every outcome
     */
    CommandLane(int capacity, int weightMax, Consumer<Supplier<List<PendingCommand<?>>>> carryOut) {
        this.capacity = capacity;
        this.weightMax = weightMax;
        this.carryOut = carryOut;
    }

    /** How many commands wait. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns once the command has its outcome.
     *
     * @throws RegistryBusyException        if too many wait already
     * @throws RegistryUnavailableException if its deadline passed, or the thread was interrupted, before it was begun
     */
    void run(PendingCommand<?> command) {
        CompletableFuture<Boolean> turn = new CompletableFuture<>();
        boolean lead;
        lock.lock();
        try {
            if (waiting.size() >= capacity) {
                throw new RegistryBusyException(command.name() + " was not carried out: " + waiting.size() + " commands wait already");
            }
            waiting.put(command, turn);
            lead = !led;
            led = true;
        } finally {
            lock.unlock();
        }
        if (lead || comesToLead(command, turn)) {
            // Others rely on whoever leads: an interrupt is for the command, which is about to get its outcome anyway.
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
        List<PendingCommand<?>> batch = new ArrayList<>();
        try {
            carryOut.accept(() -> {
                batch.addAll(take());
                return List.copyOf(batch);
            });
        } finally {
            batch.addAll(batch.isEmpty() ? take() : List.of());
            for (PendingCommand<?> command : batch) {
                command.fail(new IllegalStateException(command.name() + " was given no outcome"));
            }
            passOn();
        }
    }

    /** Those that came first, at most one with the same idempotency key: the next one with it is to find the first one's answer. */
    private List<PendingCommand<?>> take() {
        lock.lock();
        try {
            List<PendingCommand<?>> batch = new ArrayList<>();
            Set<IdempotencyKey> keys = new HashSet<>();
            long weight = 0;
            for (Iterator<PendingCommand<?>> commands = waiting.keySet().iterator(); commands.hasNext();) {
                PendingCommand<?> command = commands.next();
                weight += command.weight();
                if (!batch.isEmpty() && weight > weightMax) {
                    break;
                }
                IdempotencyKey key = command.key();
                if (key == null || keys.add(new IdempotencyKey(key.caller(), key.key(), ""))) {
                    batch.add(command);
                    commands.remove();
                } else {
                    weight -= command.weight();
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
    private boolean comesToLead(PendingCommand<?> command, CompletableFuture<Boolean> turn) {
        var _ = command.outcome().handle((answer, failure) -> turn.complete(false));
        boolean interrupted = false;
        try {
            return turn.get(Math.max(0, command.left().toNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            if (withdraws(command, turn)) {
                throw new RegistryUnavailableException(command.name() + " was not begun before its deadline", e);
            }
        } catch (InterruptedException e) {
            interrupted = true;
            if (withdraws(command, turn)) {
                throw new RegistryUnavailableException(command.name() + " was interrupted before it was begun", e);
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return turn.join();
    }

    /** Whether the command is out of the lane now, neither taken nor about to lead. */
    private boolean withdraws(PendingCommand<?> command, CompletableFuture<Boolean> turn) {
        lock.lock();
        try {
            return !turn.isDone() && waiting.remove(command) != null;
        } finally {
            lock.unlock();
        }
    }
}
