package dev.spillway.simulation;

import dev.spillway.events.ReplicaId;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.store.Rows;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transaction of the simulated database, which can be suspended at any statement and resumed later. Decisions are pure, so with the same answers
 * they take the same path. A transaction therefore stores the answers of its statements, and needs no parked thread. It is suspended by an exception.
 * To resume, the decisions run again on the stored answers, up to the first statement without one. Everything runs on one thread, so a seed replays
 * exactly.
 */
final class SimulatedTransaction {
    /** Thrown to suspend a transaction that is resumed later. */
    static final class Left extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Left() {
            super("to be gone on with", null, false, false);
        }
    }

    /** Thrown when another transaction conflicts; this one is begun again. */
    static final class Conflict extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Conflict(String message) {
            super(message, null, false, false);
        }
    }

    /** A statement that waits for locks, with the rows that it saw when it began. */
    static final class Statement {
        private @Nullable Object candidates;

        /** Returns the rows of the statement's snapshot, which is taken when it begins and kept while it waits. */
        @SuppressWarnings("unchecked")
        <C> C candidates(Supplier<C> seen) {
            Object known = candidates;
            if (known == null) {
                known = seen.get();
                candidates = known;
            }
            return (C) known;
        }
    }

    private final long number;
    private final List<Command<?>> commands;
    private final BiConsumer<SimulatedTransaction, List<Object>> answered;

    private final List<Object> answers = new ArrayList<>();
    private final SortedMap<ReplicaId, Rows.Recording> recorded = new TreeMap<>();
    private int next;
    private int begun;
    private @Nullable Statement underWay;
    private Instant startedAt = Instant.MIN;
    private @Nullable RegistryRow registry;
    private long policyVersion;
    private long seed;
    private long namespacesSeenAt;
    private int attempt;
    private boolean over;

    SimulatedTransaction(long number, List<Command<?>> commands, BiConsumer<SimulatedTransaction, List<Object>> answered) {
        this.number = number;
        this.commands = List.copyOf(commands);
        this.answered = answered;
    }

    List<Command<?>> commands() {
        return commands;
    }

    /** Begins the transaction without answers. The rows that the opening statement reads stay the same until the end. */
    void begin(Instant now, Rows stored, long drawnSeed) {
        answers.clear();
        recorded.clear();
        next = 0;
        begun = 0;
        underWay = null;
        startedAt = now;
        seed = drawnSeed;
        namespacesSeenAt = -1;
        opens(stored);
    }

    /** Sets the rows that the opening statement reads after it has locked the hosts of the messages. */
    void opens(Rows stored) {
        registry = stored.registry();
        policyVersion = stored.namespaces().policyVersion();
    }

    /** Records a rollback, so that pending resumptions of this attempt do nothing. */
    void rolledBack() {
        attempt++;
    }

    int attempt() {
        return attempt;
    }

    /** Prepares to decide again from the start, on the stored answers. */
    void rewind() {
        next = 0;
    }

    Instant startedAt() {
        return startedAt;
    }

    RegistryRow registry() {
        if (registry == null) {
            throw new IllegalStateException(this + " was not begun");
        }
        return registry;
    }

    long policyVersion() {
        return policyVersion;
    }

    /** Returns the seed of the decisions' randomness, which is the same each time they run. */
    long seed() {
        return seed;
    }

    /** Returns the ids that this transaction inserted; they are recorded when it commits. */
    SortedMap<ReplicaId, Rows.Recording> recorded() {
        return recorded;
    }

    /** Returns when its statement that locks namespaces began, as the number of rows inserted before; negative until then. */
    long namespacesSeenAt() {
        return namespacesSeenAt;
    }

    void namespacesSeenAt(long born) {
        if (namespacesSeenAt < 0) {
            namespacesSeenAt = born;
        }
    }

    /**
     * Returns the answer of the next statement.
     *
     * @param pause asked once before each statement whether the transaction is suspended here
     * @throws Left if the statement cannot be answered now
     */
    @SuppressWarnings("unchecked")
    <T> T statement(Supplier<Boolean> pause, Function<Statement, T> answer) {
        if (next < answers.size()) {
            return (T) answers.get(next++);
        }
        if (begun == next) {
            begun++;
            if (pause.get()) {
                throw new Left();
            }
        }
        Statement current = underWay == null ? new Statement() : underWay;
        underWay = current;
        T found = answer.apply(current);
        underWay = null;
        answers.add(found);
        next++;
        return found;
    }

    boolean isOver() {
        return over;
    }

    /** Ends the transaction, because it is committed or its coordinator has crashed. */
    void end() {
        over = true;
    }

    void answer(List<Object> given) {
        answered.accept(this, given);
    }

    @Override
    public String toString() {
        return "transaction " + number;
    }
}
