package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.coordinator.postgres.statement.TransactionConflict;
import dev.spillway.coordinator.postgres.table.JdbcRows;
import dev.spillway.coordinator.postgres.table.LeastPlaces;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Decisions;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.Transaction;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.trail.Access;
import dev.spillway.service.tracing.RequestScope;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out commands, many in one READ COMMITTED transaction, with the same result as one after the other in the given order. A transaction that
 * conflicts with another is retried a bounded number of times. A command that cannot be carried out is removed from its batch, so that it fails
 * alone. Thread-safe.
 */
final class Transactions {
    private static final Logger LOG = LoggerFactory.getLogger(Transactions.class);
    private static final int ATTEMPTS_MAX = 12;
    private static final long BACKOFF_MILLIS_MAX = 64;

    private final Decisions decisions;
    private final PostgresRegistrySettings settings;
    private final RandomGenerator random;
    private final Consumer<Changes.Wake> told;
    private final Supplier<CommitListener> listeners;
    private final Consumer<List<Access>> accesses;
    private final LeastPlaces leastPlaces = new LeastPlaces();
    private final LongAdder conflicts = new LongAdder();
    private final LongAdder committed = new LongAdder();
    private final LongAdder carriedOut = new LongAdder();
    private final LongAdder orphansDeleted = new LongAdder();

    /**
     * @param told     is called after each commit, before any caller gets its answer
     * @param listeners supplies the listener of each transaction
     * @param accesses receives the accesses of each committed transaction; must return at once
     */
    Transactions(
            Decisions decisions,
            PostgresRegistrySettings settings,
            RandomGenerator random,
            Consumer<Changes.Wake> told,
            Supplier<CommitListener> listeners,
            Consumer<List<Access>> accesses) {
        this.decisions = decisions;
        this.settings = settings;
        this.random = random;
        this.told = told;
        this.listeners = listeners;
        this.accesses = accesses;
    }

    /** Returns how often a transaction was begun again because it conflicted with another. */
    long conflicts() {
        return conflicts.sum();
    }

    long committed() {
        return committed.sum();
    }

    /** Returns the number of commands in committed transactions. */
    long carriedOut() {
        return carriedOut.sum();
    }

    /** Returns the number of orphans whose hosts have unlinked them. */
    long orphansDeleted() {
        return orphansDeleted.sum();
    }

    /**
     * Sets the outcome of every command.
     *
     * @param jdbi  source of its connection
     * @param batch supplies the batch; called once, when a connection is available, so that commands can gather until then
     */
    void carryOut(Jdbi jdbi, Supplier<List<PendingCommand<?>>> batch) {
        Deque<List<PendingCommand<?>>> rest = new ArrayDeque<>();
        carryOut(jdbi, batch, rest);
        while (!rest.isEmpty()) {
            List<PendingCommand<?>> next = rest.pop();
            carryOut(jdbi, () -> next, rest);
        }
    }

    /**
     * Carries out a batch without the commands whose deadline has passed. After a failure, parts to be retried separately are added to {@code rest}.
     */
    private void carryOut(Jdbi jdbi, Supplier<List<PendingCommand<?>>> asked, Deque<List<PendingCommand<?>>> rest) {
        Supplier<List<PendingCommand<?>>> batch = asked;
        for (int attempt = 1;; attempt++) {
            Attempt made = new Attempt(jdbi, batch);
            Changes.Wake wake;
            try (made) {
                wake = made.run();
            } catch (TransactionConflict e) {
                conflicts.increment();
                if (attempt == ATTEMPTS_MAX) {
                    made.failAll(e, "each of " + attempt + " attempts met another transaction: " + e.getMessage());
                    return;
                }
                batch = made::commands;
                backOff(attempt);
                continue;
            } catch (RuntimeException e) {
                made.giveUp(e, rest);
                return;
            }
            committed.increment();
            carriedOut.add(made.commands().size());
            made.tellFollowers();
            told.accept(wake);
            made.answer();
            return;
        }
    }

    /** Waits before the next attempt. An interrupt does not end the attempts, because other callers wait for this batch; their number is bounded. */
    private void backOff(int attempt) {
        try {
            Thread.sleep(random.nextLong(1, 1 + Math.min(BACKOFF_MILLIS_MAX, 1L << attempt)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The decision on a command before its transaction is committed. */
    private sealed interface Verdict {
        record Answer(Object answer) implements Verdict {}

        record Failure(RuntimeException failure) implements Verdict {}
    }

    /** Thrown for a command that cannot be decided. */
    private static final class Unfit extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient PendingCommand<?> command;
        private final RuntimeException why;

        Unfit(PendingCommand<?> command, RuntimeException why) {
            super(why);
            this.command = command;
            this.why = why;
        }
    }

    /** One transaction. */
    private final class Attempt implements AutoCloseable {
        private final Jdbi jdbi;
        private final Supplier<List<PendingCommand<?>>> batch;
        private final Map<PendingCommand<?>, Verdict> verdicts = new HashMap<>();
        private @Nullable List<PendingCommand<?>> commands;
        private @Nullable Handle handle;
        private boolean committing;
        private final CommitListener listener = listeners.get();
        private final boolean isFollowed = listener.isFollowing();
        private final Instant began = isFollowed ? Instant.now() : Instant.EPOCH;
        /** The request behind each eviction, in their order. Filled for a listener only. */
        private final List<@Nullable RequestScope> causes = new ArrayList<>();
        private @Nullable Changes committed;

        Attempt(Jdbi jdbi, Supplier<List<PendingCommand<?>>> batch) {
            this.jdbi = jdbi;
            this.batch = batch;
        }

        /** Carries out the transaction, and returns once it is committed. No caller has its answer yet. */
        Changes.Wake run() {
            try {
                return decideAll();
            } catch (RuntimeException e) {
                if (!committing && !(e instanceof Unfit) && StorageFailure.of(e) == StorageFailure.CONFLICT
                        || committing && StorageFailure.isRolledBack(e)) {
                    throw new TransactionConflict(StorageFailure.why(e), e);
                }
                throw e;
            }
        }

        /** Returns the commands to carry out, taken at the first call. */
        List<PendingCommand<?>> commands() {
            List<PendingCommand<?>> taken = commands;
            if (taken == null) {
                taken = batch.get().stream().filter(command -> !command.isTooLate()).toList();
                commands = taken;
            }
            return taken;
        }

        private Changes.Wake decideAll() {
            Handle open = jdbi.open();
            handle = open;
            open.begin();
            // Keys are locked before hosts.
            boolean keyed = commands().stream().anyMatch(command -> command.key() != null);
            JdbcRows rows = JdbcRows.open(
                    open,
                    settings.partitions(),
                    leastPlaces,
                    keyed ? Collections.emptySortedMap() : Decisions.hostsOf(commands().stream().map(PendingCommand::command).toList()));
            IdempotencyTable keys = new IdempotencyTable(open);
            List<PendingCommand<?>> undecided = takeKeys(keys, rows);
            Transaction transaction = new Transaction(rows);
            decisions.prepare(undecided.stream().map(PendingCommand::command).toList(), transaction);
            for (PendingCommand<?> command : undecided) {
                verdicts.put(command, new Verdict.Answer(decide(command, transaction)));
                while (isFollowed && causes.size() < transaction.evictions()) {
                    causes.add(command.request());
                }
            }
            Changes changes = transaction.changes();
            Script script = new Script();
            rows.write(changes, script);
            Map<PendingCommand<?>, Object> answers = answersOf(undecided);
            List<PendingCommand<?>> refused =
                    answers.keySet().stream().filter(command -> answers.get(command) instanceof Outcomes.Refusal).toList();
            refused.forEach(answers::remove);
            IdempotencyTable.keep(answers, script);
            IdempotencyTable.release(refused, script);
            script.run(open);
            committing = true;
            open.commit();
            committed = changes;
            return changes.wake(rows.now());
        }

        private List<PendingCommand<?>> takeKeys(IdempotencyTable keys, JdbcRows rows) {
            Map<PendingCommand<?>, IdempotencyTable.Taken> taken =
                    keys.take(commands().stream().filter(command -> command.key() != null).toList(), rows.now());
            List<PendingCommand<?>> undecided = new ArrayList<>();
            for (PendingCommand<?> command : commands()) {
                switch (taken.get(command)) {
                    case null -> undecided.add(command);
                    case IdempotencyTable.Taken.First _ -> undecided.add(command);
                    case IdempotencyTable.Taken.Again again -> verdicts.put(command, new Verdict.Answer(again.answer()));
                    case IdempotencyTable.Taken.Reused reused -> verdicts.put(command, new Verdict.Failure(reused.failure()));
                }
            }
            return undecided;
        }

        private Object decide(PendingCommand<?> command, Transaction transaction) {
            try {
                return decisions.decide(command.command(), transaction);
            } catch (RuntimeException e) {
                throw StorageFailure.sql(e) == null ? new Unfit(command, e) : e;
            }
        }

        private Map<PendingCommand<?>, Object> answersOf(List<PendingCommand<?>> decided) {
            Map<PendingCommand<?>, Object> answers = new HashMap<>();
            for (PendingCommand<?> command : decided) {
                if (command.key() != null && verdicts.get(command) instanceof Verdict.Answer(Object answer)) {
                    answers.put(command, answer);
                }
            }
            return answers;
        }

        /** Passes accesses and evictions to their receivers. A failure is only logged, because the transaction is committed. */
        void tellFollowers() {
            Changes changes = Objects.requireNonNull(committed, "told before its commit");
            orphansDeleted.add(changes.replicas().closed().values().stream().filter(ClosedReplica::isDeletedOrphan).count());
            try {
                if (!changes.log().accesses().isEmpty()) {
                    accesses.accept(changes.log().accesses());
                }
                for (int number = 0; number < causes.size(); number++) {
                    listener.evicted(changes.evictions().added().get(number), began, causes.get(number));
                }
                if (isFollowed) {
                    changes.replicas().closed().values().forEach(replica -> listener.closed(replica, began));
                }
            } catch (RuntimeException e) {
                LOG.error(
                        "telling of {} accesses and {} evictions",
                        changes.log().accesses().size(),
                        changes.evictions().added().size(),
                        e);
            }
        }

        /** Gives every caller its answer, once everything is committed. */
        void answer() {
            verdicts.forEach(Transactions::tell);
        }

        void giveUp(RuntimeException failure, Deque<List<PendingCommand<?>>> rest) {
            if (committing) {
                for (PendingCommand<?> command : commands()) {
                    command.fail(
                            new CommitUnknownException(
                                    command.name() + " may or may not be committed: " + StorageFailure.why(failure),
                                    failure));
                }
                return;
            }
            if (failure instanceof Unfit unfit) {
                unfit.command.fail(unfit.why);
                List<PendingCommand<?>> others = commands().stream().filter(command -> command != unfit.command).toList();
                if (!others.isEmpty()) {
                    rest.push(others);
                }
                return;
            }
            if (StorageFailure.of(failure) == StorageFailure.UNAVAILABLE) {
                failAll(failure, StorageFailure.why(failure));
            } else if (commands().size() == 1) {
                commands().getFirst().fail(failure);
            } else if (!commands().isEmpty()) {
                // One of the commands is the cause. Halving the batch isolates it.
                LOG.debug("a batch of {} failed, and is halved", commands().size(), failure);
                rest.push(commands().subList(commands().size() / 2, commands().size()));
                rest.push(commands().subList(0, commands().size() / 2));
            }
        }

        void failAll(Exception cause, String why) {
            for (PendingCommand<?> command : commands()) {
                command.fail(new RegistryUnavailableException(command.name() + " was not carried out: " + why, cause));
            }
        }

        /** Returns the connection to the pool. Rolls the transaction back if it is still open. */
        @Override
        public void close() {
            Handle open = handle;
            if (open == null) {
                return;
            }
            try {
                if (open.isInTransaction()) {
                    open.rollback();
                }
            } catch (RuntimeException e) {
                // The connection is gone, and its transaction with it. The earlier failure was already thrown.
                LOG.debug("rolling back {} commands", commands().size(), e);
            }
            try {
                open.close();
            } catch (RuntimeException e) {
                LOG.warn("giving back a connection", e);
            }
        }
    }

    // The stored answer is from the same command, so it has the command's answer type.
    @SuppressWarnings("unchecked")
    private static <A> void tell(PendingCommand<A> command, Verdict verdict) {
        switch (verdict) {
            case Verdict.Answer(Object answer) -> command.answer((A) answer);
            case Verdict.Failure(RuntimeException failure) -> command.fail(failure);
        }
    }
}
