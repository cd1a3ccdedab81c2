package dev.spillway.coordinator.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.identity.TokenStore;
import dev.spillway.coordinator.postgres.statement.BinaryArray;
import dev.spillway.coordinator.postgres.statement.CallerLimit;
import dev.spillway.coordinator.postgres.table.FleetSecretTable;
import dev.spillway.coordinator.postgres.table.TokenTable;
import dev.spillway.coordinator.postgres.table.UsageTables;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Decisions;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.trail.Access;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry on PostgreSQL. Commands that arrive while a transaction commits are gathered into the next transaction. Thread-safe; every call blocks
 * until its command is committed.
 */
public final class PostgresRegistry implements Registry, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresRegistry.class);
    /**
     * Options that allow only index plans. Each connection caches its plans, so a sequential scan that was chosen for a small table would stay in use
     * after the table has grown.
     */
    private static final String INDEX_PLANS =
            " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan";
    /** Upper bound on the rows that one batch may affect. A larger batch would hold its locks for longer and commit no faster. */
    private static final int BATCH_WEIGHT_MAX = 2_048;
    /** Number of shared connections that are reserved for the coordinator's own work. */
    private static final int OWN_CONNECTIONS = 3;
    /** Time by which the network timeout exceeds the deadline, so that the server gives up first and reports why. */
    private static final Duration NETWORK_PATIENCE = Duration.ofSeconds(5);

    private final PostgresRegistrySettings settings;
    private final FleetSecret secret;
    private final HikariDataSource lanePool;
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final CallerLimit callers;
    private final Transactions transactions;
    private final Lane<PendingCommand<?>> lane;
    private final PostgresQueries queries;
    private final List<Consumer<Changes.Wake>> listeners = new CopyOnWriteArrayList<>();

    private volatile CommitListener commitListener = CommitListener.NOBODY;
    private volatile Consumer<List<Access>> accessFollower = ignored -> {};

    private PostgresRegistry(PostgresRegistrySettings settings, RegistryRules rules, FleetSecret secret, RandomGenerator random) {
        this.settings = settings;
        this.secret = secret;
        lanePool = pool(settings, "spillway-lanes", 1 + EntryReads.UNDER_WAY);
        pool = pool(settings, "spillway-registry", settings.poolSize());
        jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        Jdbi laneJdbi = Jdbi.create(lanePool).installPlugin(new PostgresPlugin());
        callers = new CallerLimit(Math.max(1, settings.poolSize() - OWN_CONNECTIONS), settings.waitingMax(), settings.poolWait());
        transactions = new Transactions(
                new Decisions(rules, random),
                settings,
                random,
                this::tell,
                () -> commitListener,
                accesses -> accessFollower.accept(accesses));
        lane = new Lane<>("registry-writes", 1, settings.waitingMax(), BATCH_WEIGHT_MAX, batch -> transactions.carryOut(laneJdbi, batch));
        queries = new PostgresQueries(jdbi, callers, new EntryReads(laneJdbi, settings), rules.grace());
    }

    /**
     * Migrates the schema and connects.
     *
     * @param random used by many threads at once
     * @throws RegistryUnavailableException if the database cannot be reached
     * @throws SchemaVersionException       if the schema is not one that this version can work with
     */
    public static PostgresRegistry open(PostgresRegistrySettings settings, RegistryRules rules, RandomGenerator random) {
        PGSimpleDataSource database = unpooled(settings);
        new Migrations(database, settings.url()).run();
        return new PostgresRegistry(settings, rules, FleetSecretTable.read(database), random);
    }

    private static PGSimpleDataSource unpooled(PostgresRegistrySettings settings) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(settings.url());
        source.setUser(settings.user());
        source.setPassword(settings.password());
        source.setApplicationName("spillway-coordinator");
        source.setConnectTimeout(seconds(settings.poolWait()));
        // Without this timeout, a server that accepts the connection and then sends nothing would be waited for forever.
        source.setLoginTimeout(seconds(settings.poolWait()));
        source.setTcpKeepAlive(true);
        return source;
    }

    private static HikariDataSource pool(PostgresRegistrySettings settings, String name, int size) {
        PGSimpleDataSource source = unpooled(settings);
        source.setSocketTimeout(seconds(settings.commandDeadline().plus(NETWORK_PATIENCE)));
        // The server ends idle transactions, so that a coordinator that hangs in one does not keep its locks.
        source.setOptions(
                "-c idle_in_transaction_session_timeout=" + settings.commandDeadline().plus(NETWORK_PATIENCE).toMillis()
                        + " -c statement_timeout=" + Math.max(1, settings.commandDeadline().toMillis())
                        + INDEX_PLANS);
        source.setBinaryTransferEnable(BinaryArray.TYPES);
        HikariConfig config = new HikariConfig();
        config.setDataSource(source);
        config.setPoolName(name);
        config.setMaximumPoolSize(size);
        config.setConnectionTimeout(settings.poolWait().toMillis());
        config.setValidationTimeout(Math.min(settings.poolWait().toMillis(), 1_000));
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    private static int seconds(Duration duration) {
        return Math.toIntExact(Math.max(1, duration.plusMillis(999).toSeconds()));
    }

    @Override
    public <A> A execute(Command<A> command) {
        return carryOut(null, command);
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command) {
        return carryOut(key, command);
    }

    private <A> A carryOut(@Nullable IdempotencyKey key, Command<A> command) {
        PendingCommand<A> pending = new PendingCommand<>(key, command, settings.commandDeadline());
        if (!command.goesAlone()) {
            lane.run(pending);
            return pending.get();
        }
        if (command instanceof Command.OwnWork) {
            return carryOutAlone(pending);
        }
        return callers.admit(pending.name(), () -> carryOutAlone(pending));
    }

    private <A> A carryOutAlone(PendingCommand<A> pending) {
        transactions.carryOut(jdbi, () -> List.of(pending));
        return pending.get();
    }

    @Override
    public RegistryQueries queries() {
        return queries;
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        listeners.add(listener);
    }

    /** Sets the only receiver of evictions from now on. */
    public void follow(CommitListener listener) {
        commitListener = listener;
    }

    /** Sets the only receiver of the accesses of committed transactions from now on. It must return at once, and is called by many threads. */
    public void followAccesses(Consumer<List<Access>> accesses) {
        accessFollower = accesses;
    }

    /** Returns the store of accesses to namespaces. */
    public UsageStore usage() {
        return new UsageTables(jdbi, callers);
    }

    /** Returns the secret that the coordinators of this registry share, as read when this registry was opened. */
    public FleetSecret secret() {
        return secret;
    }

    /** Returns the store of tokens, which is in the registry's database. */
    public TokenStore tokens() {
        return new TokenTable(jdbi, callers);
    }

    /** Returns the query for old transactions that hold vacuum back. */
    public OldTransactions oldTransactions() {
        return new OldTransactions(jdbi);
    }

    /** Returns the task that deletes rows after their retention. */
    public Upkeep upkeep() {
        return new Upkeep(jdbi, settings.retention());
    }

    /** Returns counts of its transactions since it was opened. Each figure only grows, except {@code waiting}. */
    public Figures figures() {
        return new Figures(
                transactions.committed(),
                transactions.carriedOut(),
                transactions.conflicts(),
                lane.waiting(),
                transactions.orphansDeleted());
    }

    /**
     * Counts of the transactions of one coordinator.
     *
     * @param committed  number of transactions that carried out commands
     * @param carriedOut number of commands in committed transactions
     * @param conflicts  number of times that a transaction was begun again because it conflicted with another
     * @param waiting    number of commands that wait for a transaction now
     * @param orphansDeleted number of orphans that hosts have confirmed as deleted
     */
    public record Figures(long committed, long carriedOut, long conflicts, int waiting, long orphansDeleted) {}

    /** Closes all connections. Commands and reads that are still running fail. */
    @Override
    public void close() {
        lane.close();
        queries.close();
        lanePool.close();
        pool.close();
    }

    private void tell(Changes.Wake wake) {
        if (wake.orders() || wake.facts() || wake.activity() || wake.unfinished()) {
            for (Consumer<Changes.Wake> listener : listeners) {
                try {
                    listener.accept(wake);
                } catch (RuntimeException e) {
                    // The command is committed, so its caller must get the answer. A listener that was not called looks at intervals anyway.
                    LOG.error("telling {} of a commit", listener, e);
                }
            }
        }
    }
}
