package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.fleet.BenchDatabase;
import dev.spillway.bench.fleet.Workers;
import dev.spillway.bench.measure.Check;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.PolicyChange;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A registry on a database of its own, with hosts that joined and one namespace filled to its capacity: every further put of a fresh key evicts.
 * Thread-safe.
 */
final class FilledRegistry implements AutoCloseable {
    /** Number of items that a worker may send in one message. */
    private static final int ITEMS = 1_000;
    private static final int PARTITIONS = 64;

    private final BenchDatabase database;
    private final PostgresRegistry registry;
    private final List<Sender> senders = new ArrayList<>();
    private final NamespaceName namespace = new NamespaceName("images");
    private final long capacity;
    private final EvictionPolicy policy;
    private final RowCounts filled;

    private FilledRegistry(BenchDatabase database, PostgresRegistry registry, long capacity, EvictionPolicy policy)
            throws InterruptedException {
        this.database = database;
        this.registry = registry;
        this.capacity = capacity;
        this.policy = policy;
        for (int host = 0; host < FreshReplicas.HOSTS; host++) {
            senders.add(Workers.join(registry, new HostId("host-" + host)).sender());
        }
        registry.execute(new Command.SetPolicy(namespace, capacity, null, null));
        registry.execute(new Command.SetPolicy(namespace, PolicyChange.ofEvictionPolicy(policy)));
        fill();
        database.settle();
        filled = counts();
    }

    /** Creates the database, with the coordinator's defaults. */
    static FilledRegistry open(PostgresServer server, String name, long capacity) throws InterruptedException {
        return open(server, name, capacity, EvictionPolicy.LRU);
    }

    static FilledRegistry open(PostgresServer server, String name, long capacity, EvictionPolicy policy) throws InterruptedException {
        BenchDatabase database = BenchDatabase.create(server, name);
        PostgresRegistry registry = PostgresRegistry.open(
                PostgresRegistrySettings.of(database.url(), server.user(), server.password(), PARTITIONS),
                RegistryRules.DEFAULTS,
                new SecureRandom());
        boolean opened = false;
        try {
            FilledRegistry stage = new FilledRegistry(database, registry, capacity, policy);
            opened = true;
            return stage;
        } finally {
            if (!opened) {
                registry.close();
            }
        }
    }

    Registry registry() {
        return registry;
    }

    UsageStore usage() {
        return registry.usage();
    }

    BenchDatabase database() {
        return database;
    }

    NamespaceName namespace() {
        return namespace;
    }

    long capacity() {
        return capacity;
    }

    Sender sender(int host) {
        return senders.get(host);
    }

    RowCounts counts() {
        return RowCounts.read(database.jdbi());
    }

    /** Returns the present keys in no particular order. */
    List<EntryName> names() {
        return database.jdbi()
                .withHandle(
                        handle -> handle.createQuery("SELECT key FROM entries WHERE namespace = :namespace")
                                .bind("namespace", namespace.value())
                                .mapTo(String.class)
                                .map(key -> new EntryName(namespace, new EntryKey(key)))
                                .list());
    }

    /** Returns the bytes of the entries on the disk with their indexes, including dead rows. */
    long entryBytes() {
        return database.jdbi().withHandle(handle -> handle.createQuery("SELECT pg_total_relation_size('entries')").mapTo(Long.class).one());
    }

    /** Reads that found their entry, told by hosts or asked here. */
    long hits() {
        return registry.queries().namespace(namespace).orElseThrow().hits();
    }

    /** Counts the puts and uses of entries. */
    long uses() {
        return database.jdbi()
                .withHandle(
                        handle -> handle.createQuery("SELECT use_counter FROM namespaces WHERE name = :name")
                                .bind("name", namespace.value())
                                .mapTo(Long.class)
                                .one());
    }

    /** Returns the counts of the rows that all puts since the filling have left. */
    Check check(String name) {
        RowCounts now = counts();
        SortedMap<String, Long> counts = new TreeMap<>();
        now.since(filled).forEach((table, rows) -> counts.put(table + ", new", rows));
        counts.put(RowCounts.ENTRIES, now.of(RowCounts.ENTRIES));
        return new Check(name, counts);
    }

    /** The registration of a fresh image of the replica's host. Under GDSF images differ in what they cost. */
    Registration registration(ReplicaId id) {
        Description description = policy == EvictionPolicy.LRU ? Description.NONE
                : new Description("", new TreeMap<>(Map.of(Description.REBUILD_SECONDS, String.valueOf(FreshReplicas.cost(id)))));
        return new Registration(id, namespace, FreshReplicas.key(id), FreshReplicas.snapshot(id), FreshReplicas.BYTES, description);
    }

    RegisterRequest register(ReplicaId id) {
        return new RegisterRequest(senders.get(FreshReplicas.host(id)), List.of(registration(id)));
    }

    /** Sends a message to the registry as a worker does. */
    <A> A ask(WorkerMessage<A> message) {
        return Workers.ask(registry, message);
    }

    /** The one registration in an answer; anything else is no put. */
    static ReplicaOutcome.Registered registered(ReplicaOutcomes answer) {
        if (answer.outcomes().getFirst() instanceof ReplicaOutcome.Registered registered) {
            return registered;
        }
        throw new BenchmarkFailedException("registration: " + answer.outcomes() + " (expected: REGISTERED)");
    }

    private void fill() throws InterruptedException {
        RandomGenerator random = new SplittableRandom();
        for (long done = 0; done < capacity; done += ITEMS) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while filling " + database.name());
            }
            int host = (int) (done / ITEMS % FreshReplicas.HOSTS);
            List<Registration> items = new ArrayList<>();
            for (long item = done; item < Math.min(capacity, done + ITEMS); item++) {
                items.add(registration(FreshReplicas.mint(host, random)));
            }
            ask(new RegisterRequest(senders.get(host), items));
        }
        // The first eviction makes the row that counts evictions.
        ask(register(FreshReplicas.mint(0, random)));
    }

    /** Closes the connections and drops the database. */
    @Override
    public void close() {
        registry.close();
        database.drop();
    }
}
