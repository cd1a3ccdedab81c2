package dev.spillway.coordinator.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Decisions;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.coordinator.core.OutcomeUnknownException;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import dev.spillway.coordinator.core.WorkingSet;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry on PostgreSQL. Each command is one READ COMMITTED transaction; one that met another in the way is begun again, a bounded number
 * of times. Thread-safe; every call blocks on a connection of its own.
 */
public final class PostgresRegistry implements Registry, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresRegistry.class);
    private static final int ATTEMPTS_MAX = 12;
    private static final long BACKOFF_MILLIS_MAX = 64;
    /** Beyond the deadline, so that the server gives up first and says why. */
    private static final Duration NETWORK_PATIENCE = Duration.ofSeconds(5);

    private final PostgresRegistrySettings settings;
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final Decisions decisions;
    private final RandomGenerator random;
    private final PostgresQueries queries;
    private final LeastUses leastUses = new LeastUses();
    private final LongAdder conflicts = new LongAdder();
    private final List<Consumer<Changes.Wake>> listeners = new CopyOnWriteArrayList<>();

    private PostgresRegistry(PostgresRegistrySettings settings, HikariDataSource pool, RegistryRules rules, RandomGenerator random) {
        this.settings = settings;
        this.pool = pool;
        this.random = random;
        jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        decisions = new Decisions(rules, random);
        queries = new PostgresQueries(jdbi, settings);
    }

    /**
     * Migrates the schema and connects.
     *
     * @param random used by many threads at once
     * @throws RegistryUnavailableException if the database cannot be reached
     * @throws SchemaVersionException       if the schema is not one that this version can work with
     */
    public static PostgresRegistry open(PostgresRegistrySettings settings, RegistryRules rules, RandomGenerator random) {
        new Migrations(unpooled(settings), settings.url()).run();
        return new PostgresRegistry(settings, new HikariDataSource(pooled(settings)), rules, random);
    }

    private static PGSimpleDataSource unpooled(PostgresRegistrySettings settings) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(settings.url());
        source.setUser(settings.user());
        source.setPassword(settings.password());
        source.setApplicationName("spillway-coordinator");
        source.setConnectTimeout(seconds(settings.poolWait()));
        source.setTcpKeepAlive(true);
        return source;
    }

    private static HikariConfig pooled(PostgresRegistrySettings settings) {
        PGSimpleDataSource source = unpooled(settings);
        source.setSocketTimeout(seconds(settings.commandDeadline().plus(NETWORK_PATIENCE)));
        // The locks of a coordinator that stopped in the middle of a transaction must not stay.
        source.setOptions("-c idle_in_transaction_session_timeout=" + settings.commandDeadline().plus(NETWORK_PATIENCE).toMillis());
        HikariConfig config = new HikariConfig();
        config.setDataSource(source);
        config.setPoolName("spillway-registry");
        config.setMaximumPoolSize(settings.poolSize());
        config.setConnectionTimeout(settings.poolWait().toMillis());
        config.setValidationTimeout(Math.min(settings.poolWait().toMillis(), 1_000));
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setInitializationFailTimeout(-1);
        return config;
    }

    private static int seconds(Duration duration) {
        return Math.toIntExact(Math.max(1, duration.plusMillis(999).toSeconds()));
    }

    @Override
    public <A> A execute(Command<A> command) {
        return carryOut(null, command);
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command<A> command) {
        return carryOut(key, command);
    }

    private <A> A carryOut(@Nullable IdempotencyKey key, Command<A> command) {
        Deadline deadline = new Deadline(settings.commandDeadline());
        for (int attempt = 1;; attempt++) {
            try {
                Committed<A> committed = inTransaction(key, command, deadline);
                tell(committed.wake());
                return committed.answer();
            } catch (TransactionConflict e) {
                conflicts.increment();
                if (attempt == ATTEMPTS_MAX) {
                    throw new RegistryUnavailableException(
                            name(command) + " was not carried out, each of " + attempt + " attempts met another transaction: "
                                    + e.getMessage(),
                            e);
                }
            }
            backOff(attempt, command);
        }
    }

    private <A> Committed<A> inTransaction(@Nullable IdempotencyKey key, Command<A> command, Deadline deadline) {
        try (Transaction transaction = new Transaction(command)) {
            return transaction.run(key, command, deadline);
        }
    }

    private void backOff(int attempt, Command<?> command) {
        try {
            Thread.sleep(random.nextLong(1, 1 + Math.min(BACKOFF_MILLIS_MAX, 1L << attempt)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryUnavailableException(name(command) + " was interrupted before it was tried again", e);
        }
    }

    private static String name(Command<?> command) {
        return command instanceof Command.FromWorker<?> from ? from.message().getClass().getSimpleName()
                : command.getClass().getSimpleName();
    }

    @Override
    public RegistryQueries queries() {
        return queries;
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        listeners.add(listener);
    }

    /** What keeps the tables bounded. */
    public Upkeep upkeep() {
        return new Upkeep(jdbi, settings.retention());
    }

    /** How often a transaction was begun again because another one was in its way. */
    public long conflicts() {
        return conflicts.sum();
    }

    /** Closes all connections; what runs on them fails. */
    @Override
    public void close() {
        pool.close();
    }

    private void tell(Changes.Wake wake) {
        if (wake.orders() || wake.facts() || wake.activity() || wake.unfinished()) {
            for (Consumer<Changes.Wake> listener : listeners) {
                try {
                    listener.accept(wake);
                } catch (RuntimeException e) {
                    // The command is committed and its answer is owed; who was not told looks by itself sooner or later.
                    LOG.error("telling {} of a commit", listener, e);
                }
            }
        }
    }

    /** What a command answered, and whom to wake for what it left. */
    private record Committed<A>(A answer, Changes.Wake wake) {}

    /** Until when a command may begin. */
    private static final class Deadline {
        private final long nanoTime;

        Deadline(Duration fromNow) {
            nanoTime = System.nanoTime() + fromNow.toNanos();
        }

        Duration left() {
            return Duration.ofNanos(nanoTime - System.nanoTime());
        }
    }

    /** One attempt at a command. */
    private final class Transaction implements AutoCloseable {
        private final Command<?> command;
        private @Nullable Handle handle;
        private boolean committing;

        Transaction(Command<?> command) {
            this.command = command;
        }

        /**
         * The answer, once it is committed.
         *
         * @throws TransactionConflict if another transaction was in the way
         */
        <A> Committed<A> run(@Nullable IdempotencyKey key, Command<A> asked, Deadline deadline) {
            try {
                return attempt(key, asked, deadline);
            } catch (TransactionConflict e) {
                throw e;
            } catch (RuntimeException e) {
                if (committing && !StorageFailure.isRolledBack(e)) {
                    throw new OutcomeUnknownException(name(command) + " may or may not be committed: " + message(e), e);
                }
                throw switch (StorageFailure.of(e)) {
                    case CONFLICT -> new TransactionConflict(message(e), e);
                    case UNAVAILABLE -> new RegistryUnavailableException(name(command) + " was not carried out: " + message(e), e);
                    case DEFECT -> e;
                };
            }
        }

        private <A> Committed<A> attempt(@Nullable IdempotencyKey key, Command<A> asked, Deadline deadline) {
            Handle open = jdbi.open();
            handle = open;
            Duration left = deadline.left();
            if (!left.isPositive()) {
                throw new RegistryUnavailableException(name(command) + " was not begun within " + settings.commandDeadline(), null);
            }
            open.begin();
            IdempotencyTable keys = new IdempotencyTable(open);
            JdbcRows rows = JdbcRows.open(open, settings.partitions(), leastUses, left);
            if (key != null) {
                Optional<A> kept = keys.take(key, asked, rows.now());
                if (kept.isPresent()) {
                    return new Committed<>(kept.get(), new Changes.Wake(false, false, false, false));
                }
            }
            WorkingSet workingSet = new WorkingSet(rows);
            A answer = decisions.decide(asked, workingSet);
            Changes changes = workingSet.changes();
            rows.apply(changes);
            if (key != null) {
                keys.keep(key, asked, answer);
            }
            committing = true;
            open.commit();
            return new Committed<>(answer, changes.wake(rows.now()));
        }

        private static String message(RuntimeException e) {
            @Nullable
            Throwable sql = StorageFailure.sql(e);
            return String.valueOf(sql == null ? e.getMessage() : sql.getMessage());
        }

        /** Gives the connection back, without the transaction if that is still open. */
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
                // The connection is gone, and the transaction with it; whatever failed before this has already said so.
                LOG.debug("rolling back {}", name(command), e);
            }
            try {
                open.close();
            } catch (RuntimeException e) {
                LOG.warn("giving back the connection of {}", name(command), e);
            }
        }
    }
}
