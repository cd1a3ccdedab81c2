package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Decisions;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.decide.Transaction;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.Rows;
import dev.spillway.simulation.Locks.Kind;
import dev.spillway.simulation.Locks.Lock;
import dev.spillway.simulation.Locks.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * A simulated PostgreSQL in READ COMMITTED with interleaved transactions. Before any statement a transaction may pause, as the seed decides, while
 * others continue. In runs without pauses each transaction runs alone, which is much faster.
 */
final class SimulatedDatabase {
    private static final RegistryRules RULES = new RegistryRules(
            new RegistryRules.Contact(Duration.ofSeconds(10), Duration.ofSeconds(40), Duration.ofMinutes(1)),
            new RegistryRules.Retry(Duration.ofSeconds(10), Duration.ofMinutes(1)),
            RegistryRules.DEFAULTS.breaker(),
            Duration.ofSeconds(50),
            new RegistryRules.Chunks(2, 5, 4, RegistryRules.DEFAULTS.chunks().plan()),
            RegistryRules.DEFAULTS.plansKept());

    private final MapRows committed;
    private final Locks locks = new Locks();
    private final Map<Object, Long> births = new HashMap<>();
    private final RegistryRules rules;
    private final Product product;
    private final Timeline timeline;
    private final Faults faults;
    private final Invariants invariants;
    private final RandomGenerator random;
    private final Story story;
    private final double pauses;
    private Consumer<Changes.Wake> woken = wake -> {};
    private long born;
    private long commits;
    private long waits;
    private long begun;

    SimulatedDatabase(Product product, int partitions, Timeline timeline, Faults faults, RandomGenerator random, Story story) {
        this.product = product;
        this.timeline = timeline;
        this.faults = faults;
        this.random = random;
        this.story = story;
        committed = new MapRows(new RegistryId(new UUID(1, 1)), partitions, timeline);
        rules = product.rules(RULES);
        pauses = random.nextInt(3) == 0 ? 0 : random.nextDouble() * 0.25;
        invariants = new Invariants(committed, RULES, pauses > 0);
    }

    MapRows committed() {
        return committed;
    }

    Invariants invariants() {
        return invariants;
    }

    /** The state to which {@link #restore} returns: everything that is committed, and the last drawn generation. */
    record Backup(MapRows rows, Memory memory) {}

    Backup backUp() {
        return new Backup(committed.copy(), invariants.memory());
    }

    /** Returns to an earlier state. No transaction may be open. */
    void restore(Backup backup) {
        committed.goBackTo(backup.rows());
        invariants.restored(backup.memory());
    }

    Product product() {
        return product;
    }

    void onCommit(Consumer<Changes.Wake> listener) {
        woken = listener;
    }

    /** Carries out commands in one transaction; {@code answered} gets their answers in order once it is committed. */
    SimulatedTransaction begin(List<Command<?>> commands, BiConsumer<SimulatedTransaction, List<Object>> answered) {
        List<Command<?>> taken = commands.stream().<Command<?>>map(command -> product.takes(command, committed)).toList();
        SimulatedTransaction transaction = new SimulatedTransaction(++begun, taken, answered);
        begin(transaction);
        return transaction;
    }

    private void begin(SimulatedTransaction transaction) {
        transaction.begin(timeline.instant(), committed, random.nextLong());
        run(transaction);
    }

    private void run(SimulatedTransaction transaction) {
        if (transaction.isOver()) {
            return;
        }
        transaction.rewind();
        try {
            Rows rows = product.rows(new TransactionRows(this, transaction), transaction.commands());
            Transaction working = new Transaction(rows);
            Decisions decisions = new Decisions(rules, new SplittableRandom(transaction.seed()));
            decisions.prepare(transaction.commands(), working);
            List<Object> answers = new ArrayList<>();
            for (Command<?> command : transaction.commands()) {
                answers.add(decisions.decide(command, working));
            }
            Changes changes = working.changes();
            rows.apply(changes);
            commit(transaction, changes, answers);
        } catch (SimulatedTransaction.Left left) {
            // The transaction is resumed by the lock that it waits for.
        } catch (SimulatedTransaction.Conflict conflict) {
            story.tell("database", "rolls back", transaction, String.valueOf(conflict.getMessage()));
            transaction.rolledBack();
            giveBack(transaction);
            timeline.after(1 + random.nextInt(20), () -> {
                if (!transaction.isOver()) {
                    begin(transaction);
                }
            });
        }
    }

    private void commit(SimulatedTransaction transaction, Changes changes, List<Object> answers) {
        transaction.end();
        commits++;
        invariants.committed(transaction.commands(), transaction.registry().epoch(), changes, () -> {
            committed.record(transaction.recorded());
            bear(changes);
            committed.apply(changes);
        });
        giveBack(transaction);
        woken.accept(changes.wake(timeline.instant()));
        transaction.answer(answers);
    }

    private void bear(Changes changes) {
        for (EntryName name : changes.entries().rows().keySet()) {
            if (!committed.storedEntries().containsKey(name)) {
                births.put(name, ++born);
            }
        }
        for (ReplicaId id : changes.replicas().rows().keySet()) {
            if (!committed.storedReplicas().containsKey(id)) {
                births.put(id, ++born);
            }
        }
    }

    /** Rolls back a transaction that its coordinator has abandoned. */
    void abandon(SimulatedTransaction transaction) {
        if (!transaction.isOver()) {
            transaction.end();
            story.tell("database", "rolls back", transaction, "whose coordinator died");
            giveBack(transaction);
        }
    }

    private void giveBack(SimulatedTransaction transaction) {
        for (SimulatedTransaction waiting : locks.release(transaction)) {
            goOn(waiting, random.nextInt(2));
        }
    }

    private void goOn(SimulatedTransaction transaction, int afterMillis) {
        int attempt = transaction.attempt();
        timeline.after(afterMillis, () -> {
            if (transaction.attempt() == attempt) {
                run(transaction);
            }
        });
    }

    // What statements need.

    <T> T statement(SimulatedTransaction transaction, Function<SimulatedTransaction.Statement, T> answer) {
        return transaction.statement(() -> pauses > 0 && isLeft(transaction), answer);
    }

    private boolean isLeft(SimulatedTransaction transaction) {
        if (faults.isHealed() || random.nextDouble() >= pauses) {
            return false;
        }
        goOn(transaction, random.nextInt(6) == 0 ? 1 + random.nextInt(3_000) : 1 + random.nextInt(30));
        return true;
    }

    long commits() {
        return commits;
    }

    /** Returns the number of times that a transaction waited for another. */
    long waits() {
        return waits;
    }

    /** Returns the number of rows that were ever inserted. */
    long born() {
        return born;
    }

    /** Returns a number that distinguishes a row from an earlier one with the same key. */
    long birth(Object key) {
        return births.getOrDefault(key, 0L);
    }

    /** Grants the lock, or suspends the transaction until the holder of the lock has ended. */
    void lock(SimulatedTransaction transaction, Kind kind, Object key, Mode mode) {
        if (product.locks(transaction.commands(), kind, mode)) {
            acquire(transaction, new Lock(kind, key, birth(key)), mode);
        }
    }

    private void acquire(SimulatedTransaction transaction, Lock lock, Mode mode) {
        if (locks.holds(transaction, lock, mode) || locks.acquire(transaction, lock, mode)) {
            return;
        }
        if (locks.isDeadlocked(transaction)) {
            throw new SimulatedTransaction.Conflict("deadlock at " + lock);
        }
        waits++;
        story.tell("database", "lets wait", transaction, "for", lock);
        throw new SimulatedTransaction.Left();
    }

    boolean lockIfFree(SimulatedTransaction transaction, Kind kind, Object key, Mode mode) {
        Lock lock = new Lock(kind, key, birth(key));
        return locks.isFree(transaction, lock, mode) && locks.acquire(transaction, lock, mode);
    }

    /** Inserts an id, which is committed with the transaction. Returns whether it is new. */
    boolean insert(SimulatedTransaction transaction, ReplicaId id) {
        Lock lock = new Lock(Kind.REPLICA_ID, id, 0);
        if (!product.locks(transaction.commands(), Kind.REPLICA_ID, Mode.UPDATE) && !locks.isFree(transaction, lock, Mode.UPDATE)) {
            return false;
        }
        acquire(transaction, lock, Mode.UPDATE);
        return true;
    }

    /** Takes the locks of the writes, and detects keys that another transaction has inserted. The rows themselves are written at the commit. */
    void write(SimulatedTransaction transaction, Changes changes) {
        statement(transaction, ignored -> {
            for (HostId id : changes.hosts().rows().keySet()) {
                writeLock(transaction, Kind.HOST, id, committed.storedHosts(), Mode.NO_KEY_UPDATE);
            }
            for (NamespaceName name : changes.namespaces().rows().keySet()) {
                writeLock(transaction, Kind.NAMESPACE, name, committed.storedNamespaces(), Mode.NO_KEY_UPDATE);
            }
            for (ReplicaRow row : committed.storedReplicas().values()) {
                if (row.doom() != null && changes.hosts().ordersDue().contains(row.hostId())
                        && row.doom().nextAttemptAt().isAfter(transaction.startedAt())) {
                    acquire(transaction, new Lock(Kind.REPLICA, row.id(), birth(row.id())), Mode.UPDATE);
                }
            }
            changes.evictions().factsPublished().forEach(id -> acquire(transaction, new Lock(Kind.EVICTION, id, 0), Mode.UPDATE));
            return changes;
        });
    }

    /**
     * Locks a row for an update, or for an insert if the transaction did not find it. If another transaction has inserted it before, this is a
     * conflict by the unique key.
     */
    private <K> void writeLock(SimulatedTransaction transaction, Kind kind, K key, Map<K, ?> rows, Mode mode) {
        Lock lock = new Lock(kind, key, birth(key));
        if (rows.containsKey(key) && !locks.holds(transaction, lock, Mode.KEY_SHARE) && product.locks(transaction.commands(), kind, mode)) {
            throw new SimulatedTransaction.Conflict("duplicate key " + key);
        }
        if (rows.containsKey(key)) {
            acquire(transaction, lock, mode);
        }
    }
}
