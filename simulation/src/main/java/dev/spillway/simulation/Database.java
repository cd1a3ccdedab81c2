package dev.spillway.simulation;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Decisions;
import dev.spillway.coordinator.core.MapRows;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.coordinator.core.ReplicaRow;
import dev.spillway.coordinator.core.Rows;
import dev.spillway.coordinator.core.WorkingSet;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
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
 * A PostgreSQL in READ COMMITTED, under transactions that interleave: each may be left before any statement for a while, which the seed says, and
 * others go on meanwhile. In runs without pauses each transaction is carried out alone, which is much faster.
 */
final class Database {
    private static final RegistryRules RULES = new RegistryRules(Duration.ofSeconds(10), Duration.ofSeconds(40), Duration.ofMinutes(1),
            Duration.ofSeconds(10), Duration.ofMinutes(1), Duration.ofSeconds(50), 0.5, 3, 2, 5, 4);

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

    Database(Product product, int partitions, Timeline timeline, Faults faults, RandomGenerator random, Story story) {
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

    /** What {@link #restore} goes back to: everything that is committed, and how far generations are drawn. */
    record Backup(MapRows rows, Memory memory) {}

    Backup backUp() {
        return new Backup(committed.copy(), invariants.memory());
    }

    /** Goes back to an earlier state. Nobody may have a transaction open. */
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
    Transaction begin(List<Command<?>> commands, BiConsumer<Transaction, List<Object>> answered) {
        List<Command<?>> taken = commands.stream().<Command<?>>map(command -> product.takes(command, committed)).toList();
        Transaction transaction = new Transaction(++begun, taken, answered);
        begin(transaction);
        return transaction;
    }

    private void begin(Transaction transaction) {
        transaction.begin(timeline.instant(), committed, random.nextLong());
        run(transaction);
    }

    private void run(Transaction transaction) {
        if (transaction.isOver()) {
            return;
        }
        transaction.rewind();
        try {
            Rows rows = product.rows(new TransactionRows(this, transaction), transaction.commands());
            WorkingSet working = new WorkingSet(rows);
            Decisions decisions = new Decisions(rules, new SplittableRandom(transaction.seed()));
            decisions.prepare(transaction.commands(), working);
            List<Object> answers = new ArrayList<>();
            for (Command<?> command : transaction.commands()) {
                answers.add(decisions.decide(command, working));
            }
            Changes changes = working.changes();
            rows.apply(changes);
            commit(transaction, changes, answers);
        } catch (Transaction.Left left) {
            // Whatever it waits for goes on with it.
        } catch (Transaction.Conflict conflict) {
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

    private void commit(Transaction transaction, Changes changes, List<Object> answers) {
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

    /** Rolls a transaction back that its coordinator will not go on with. */
    void abandon(Transaction transaction) {
        if (!transaction.isOver()) {
            transaction.end();
            story.tell("database", "rolls back", transaction, "whose coordinator died");
            giveBack(transaction);
        }
    }

    private void giveBack(Transaction transaction) {
        for (Transaction waiting : locks.release(transaction)) {
            goOn(waiting, random.nextInt(2));
        }
    }

    private void goOn(Transaction transaction, int afterMillis) {
        int attempt = transaction.attempt();
        timeline.after(afterMillis, () -> {
            if (transaction.attempt() == attempt) {
                run(transaction);
            }
        });
    }

    // What statements need.

    <T> T statement(Transaction transaction, Function<Transaction.Statement, T> answer) {
        return transaction.statement(() -> pauses > 0 && isLeft(transaction), answer);
    }

    private boolean isLeft(Transaction transaction) {
        if (faults.isHealed() || random.nextDouble() >= pauses) {
            return false;
        }
        goOn(transaction, random.nextInt(6) == 0 ? 1 + random.nextInt(3_000) : 1 + random.nextInt(30));
        return true;
    }

    long commits() {
        return commits;
    }

    /** How often a transaction waited for another. */
    long waits() {
        return waits;
    }

    /** How many rows were ever inserted. */
    long born() {
        return born;
    }

    /** Tells a row from an earlier one with the same key. */
    long birth(Object key) {
        return births.getOrDefault(key, 0L);
    }

    /** Grants the lock, or leaves the transaction until whoever holds it has ended. */
    void lock(Transaction transaction, Kind kind, Object key, Mode mode) {
        if (product.locks(transaction.commands(), kind, mode)) {
            acquire(transaction, new Lock(kind, key, birth(key)), mode);
        }
    }

    private void acquire(Transaction transaction, Lock lock, Mode mode) {
        if (locks.holds(transaction, lock, mode) || locks.acquire(transaction, lock, mode)) {
            return;
        }
        if (locks.isDeadlocked(transaction)) {
            throw new Transaction.Conflict("deadlock at " + lock);
        }
        waits++;
        story.tell("database", "lets wait", transaction, "for", lock);
        throw new Transaction.Left();
    }

    boolean lockIfFree(Transaction transaction, Kind kind, Object key, Mode mode) {
        Lock lock = new Lock(kind, key, birth(key));
        return locks.isFree(transaction, lock, mode) && locks.acquire(transaction, lock, mode);
    }

    /** Inserts an id that is not committed; whether it was not there. */
    boolean insert(Transaction transaction, ReplicaId id) {
        Lock lock = new Lock(Kind.REPLICA_ID, id, 0);
        if (!product.locks(transaction.commands(), Kind.REPLICA_ID, Mode.UPDATE) && !locks.isFree(transaction, lock, Mode.UPDATE)) {
            return false;
        }
        acquire(transaction, lock, Mode.UPDATE);
        return true;
    }

    /** Takes the locks that writing takes, and finds keys that somebody else inserted. The rows themselves are written with the commit. */
    void write(Transaction transaction, Changes changes) {
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

    /** A row that was read is updated, one that was not there is inserted: if another transaction was faster, the unique key says so. */
    private <K> void writeLock(Transaction transaction, Kind kind, K key, Map<K, ?> rows, Mode mode) {
        Lock lock = new Lock(kind, key, birth(key));
        if (rows.containsKey(key) && !locks.holds(transaction, lock, Mode.KEY_SHARE) && product.locks(transaction.commands(), kind, mode)) {
            throw new Transaction.Conflict("duplicate key " + key);
        }
        if (rows.containsKey(key)) {
            acquire(transaction, lock, mode);
        }
    }
}
