package dev.spillway.simulation;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Rows;
import dev.spillway.events.ReplicaId;
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
 * One transaction of the simulated database, which may be left at any statement and gone on with later. Decisions are pure: on the same answers
 * they take the same way. So instead of a thread that is parked, a transaction keeps the answers of its statements; to leave it is to throw, and to
 * go on is to decide again on the kept answers, up to the first statement that has none. Nothing runs beside it, and a seed replays to the letter.
 */
final class Transaction {
    /** Leaves a transaction that is to be gone on with. */
    static final class Left extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Left() {
            super("to be gone on with", null, false, false);
        }
    }

    /** Another transaction was in the way; this one is begun again. */
    static final class Conflict extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Conflict(String message) {
            super(message, null, false, false);
        }
    }

    /** A statement that waits for locks, and which rows it saw when it began. */
    static final class Statement {
        private @Nullable Object candidates;

        /** What the statement's snapshot shows: computed when it begins, and kept over all waiting. */
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
    private final BiConsumer<Transaction, List<Object>> answered;

    private final List<Object> answers = new ArrayList<>();
    private final SortedMap<ReplicaId, Rows.Recording> recorded = new TreeMap<>();
    private int next;
    private int begun;
    private @Nullable Statement underWay;
    private Instant startedAt = Instant.MIN;
    private Rows.@Nullable Registry registry;
    private long policyVersion;
    private long seed;
    private long namespacesSeenAt;
    private int attempt;
    private boolean over;

    Transaction(long number, List<Command<?>> commands, BiConsumer<Transaction, List<Object>> answered) {
        this.number = number;
        this.commands = List.copyOf(commands);
        this.answered = answered;
    }

    List<Command<?>> commands() {
        return commands;
    }

    /** Starts from nothing. What the opening statement reads stays so until the end. */
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

    /** The opening statement reads what it finds once the hosts of the messages are locked. */
    void opens(Rows stored) {
        registry = stored.registry();
        policyVersion = stored.namespaces().policyVersion();
    }

    /** Whatever was to go on with it finds another attempt. */
    void rolledBack() {
        attempt++;
    }

    int attempt() {
        return attempt;
    }

    /** Decides from the start again, on the answers that are known. */
    void rewind() {
        next = 0;
    }

    Instant startedAt() {
        return startedAt;
    }

    Rows.Registry registry() {
        if (registry == null) {
            throw new IllegalStateException(this + " was not begun");
        }
        return registry;
    }

    long policyVersion() {
        return policyVersion;
    }

    /** Where the decisions' randomness begins, each time they are gone through. */
    long seed() {
        return seed;
    }

    /** Ids that this transaction inserted; they are recorded when it commits. */
    SortedMap<ReplicaId, Rows.Recording> recorded() {
        return recorded;
    }

    /** When its statement that locks namespaces began, counted in rows that were born before; negative until then. */
    long namespacesSeenAt() {
        return namespacesSeenAt;
    }

    void namespacesSeenAt(long born) {
        if (namespacesSeenAt < 0) {
            namespacesSeenAt = born;
        }
    }

    /**
     * The answer of the next statement.
     *
     * @param pause is asked once before each statement whether the transaction is left here
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

    /** It is committed, or its coordinator is gone. */
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
