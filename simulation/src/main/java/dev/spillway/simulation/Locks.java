package dev.spillway.simulation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The row locks of the simulated database: their holders with modes, and the waiting transactions. A lock is held until its transaction ends. */
final class Locks {
    /** Kinds of rows. */
    enum Kind {
        REGISTRY, HOST, REPLICA_ID, NAMESPACE, ENTRY, REPLICA, EVICTION
    }

    /** Lock modes, as in PostgreSQL. */
    enum Mode {
        KEY_SHARE, SHARE, NO_KEY_UPDATE, UPDATE;

        boolean conflictsWith(Mode other) {
            return switch (this) {
                case KEY_SHARE -> other == UPDATE;
                case SHARE -> other == NO_KEY_UPDATE || other == UPDATE;
                case NO_KEY_UPDATE -> other != KEY_SHARE;
                case UPDATE -> true;
            };
        }

        boolean covers(Mode other) {
            return compareTo(other) >= 0;
        }
    }

    /**
     * A lockable row.
     *
     * @param birth distinguishes a row from an earlier one with the same key
     */
    record Lock(Kind kind, Object key, long birth) {
        @Override
        public String toString() {
            return kind + " " + key;
        }
    }

    private record Wait(Lock lock, Mode mode) {}

    private final Map<Lock, Map<SimulatedTransaction, Mode>> holders = new HashMap<>();
    private final Map<SimulatedTransaction, Set<Lock>> held = new HashMap<>();
    private final Map<SimulatedTransaction, Wait> waits = new LinkedHashMap<>();

    boolean holds(SimulatedTransaction transaction, Lock lock, Mode mode) {
        Mode granted = holders.getOrDefault(lock, Map.of()).get(transaction);
        return granted != null && granted.covers(mode);
    }

    /** Returns whether no other transaction holds the row in a conflicting mode. */
    boolean isFree(SimulatedTransaction transaction, Lock lock, Mode mode) {
        for (Map.Entry<SimulatedTransaction, Mode> holder : holders.getOrDefault(lock, Map.of()).entrySet()) {
            if (holder.getKey() != transaction && holder.getValue().conflictsWith(mode)) {
                return false;
            }
        }
        return true;
    }

    /** Grants the lock if it is free; otherwise the transaction waits for it. Returns whether it was granted. */
    boolean acquire(SimulatedTransaction transaction, Lock lock, Mode mode) {
        if (!isFree(transaction, lock, mode)) {
            waits.put(transaction, new Wait(lock, mode));
            return false;
        }
        waits.remove(transaction);
        holders.computeIfAbsent(lock, ignored -> new HashMap<>()).merge(transaction, mode, (one, other) -> one.covers(other) ? one : other);
        held.computeIfAbsent(transaction, ignored -> new LinkedHashSet<>()).add(lock);
        return true;
    }

    /** Returns whether a transaction waits for itself, directly or through others. */
    boolean isDeadlocked(SimulatedTransaction transaction) {
        return reaches(transaction, transaction, new HashSet<>());
    }

    private boolean reaches(SimulatedTransaction from, SimulatedTransaction to, Set<SimulatedTransaction> seen) {
        Wait wait = waits.get(from);
        if (wait == null) {
            return false;
        }
        for (Map.Entry<SimulatedTransaction, Mode> holder : holders.getOrDefault(wait.lock(), Map.of()).entrySet()) {
            SimulatedTransaction blocking = holder.getKey();
            if (blocking != from && holder.getValue().conflictsWith(wait.mode())
                    && (blocking == to || (seen.add(blocking) && reaches(blocking, to, seen)))) {
                return true;
            }
        }
        return false;
    }

    /** Releases all locks of a transaction. Returns the transactions that waited for any of them, in the order of arrival. */
    List<SimulatedTransaction> release(SimulatedTransaction transaction) {
        waits.remove(transaction);
        Set<Lock> released = held.remove(transaction);
        if (released == null) {
            return List.of();
        }
        for (Lock lock : released) {
            Map<SimulatedTransaction, Mode> left = holders.get(lock);
            if (left != null) {
                left.remove(transaction);
                if (left.isEmpty()) {
                    holders.remove(lock);
                }
            }
        }
        return waits.isEmpty() ? List.of()
                : waits.entrySet().stream().filter(wait -> released.contains(wait.getValue().lock())).map(Map.Entry::getKey).toList();
    }
}
