package dev.spillway.bench.orders;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.fleet.BenchDatabase;
import dev.spillway.bench.fleet.Workers;
import dev.spillway.coordinator.kafka.Brokers;
import dev.spillway.coordinator.kafka.Publisher;
import dev.spillway.coordinator.kafka.RegistryTopics;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics.Copies;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A fleet whose hosts all hold the same entries, with a registry and a broker of its own. Every entry is evicted, and the coordinator's publisher
 * sends the orders to Kafka. The hosts never confirm, and no order is due again during the measurement.
 */
final class OrderedFleet {
    private static final Duration LONG = Duration.ofHours(1);
    private static final RegistryRules RULES =
            RegistryRules.DEFAULTS
                    .with(new RegistryRules.Contact(Duration.ofSeconds(5), LONG, LONG))
                    .with(new RegistryRules.Retry(LONG, LONG))
                    .with(new RegistryRules.Breaker(1, 3))
                    .withGrace(LONG);
    private static final NamespaceName NAMESPACE = new NamespaceName("images");
    private static final int SWEEP = 1_000;

    private final Registry registry;
    private final Partitioning size;
    private final List<EntryName> entries;
    private final Map<String, Integer> partitionOf = new HashMap<>();

    private OrderedFleet(Registry registry, Partitioning size, int replicasEach) {
        this.registry = registry;
        this.size = size;
        entries = IntStream.range(0, replicasEach).mapToObj(n -> new EntryName(NAMESPACE, new EntryKey("image-" + n))).toList();
    }

    /**
     * Measures one fleet.
     *
     * @param replicasEach how many entries every host holds, at most 1,000
     * @return what each host reads
     */
    static List<Reading> measure(PostgresServer server, Partitioning size, int replicasEach) throws InterruptedException {
        BenchDatabase database = BenchDatabase.create(server, "orders_%d_%d".formatted(size.hosts(), size.partitions()));
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.temporary());
                PostgresRegistry registry = PostgresRegistry.open(
                        PostgresRegistrySettings.of(database.url(), server.user(), server.password(), size.partitions()),
                        RULES,
                        new SecureRandom())) {
            KafkaSettings kafka = new KafkaSettings(List.of(HostPort.parse(broker.bootstrapServers())), "bench", Duration.ofSeconds(60));
            OrderedFleet fleet = new OrderedFleet(registry, size, replicasEach);
            fleet.fill();
            try (Brokers brokers =
                    Brokers.open(kafka, topics(size.partitions()), Reachability.within(Duration.ofSeconds(60)), new SecureRandom());
                    MessageSender sender = new MessageSender(kafka);
                    Publisher<?> _ = Publisher.ofOrders(
                            registry,
                            registry.secret(),
                            brokers,
                            sender,
                            new EvictionTrail(Tracing.off()),
                            new SimpleMeterRegistry(),
                            new SecureRandom())) {
                fleet.evictAll();
                return new OrderTopic(kafka, size.partitions()).read((long) size.hosts() * replicasEach).by(fleet.partitionOf);
            } catch (DependencyUnavailableException e) {
                throw new BenchmarkFailedException("Kafka: " + e.getMessage(), e);
            }
        } finally {
            database.drop();
        }
    }

    private static RegistryTopics topics(int partitions) {
        return new RegistryTopics(
                new RegistryTopics.Shape(partitions, LONG, false),
                new RegistryTopics.Shape(1, LONG, false),
                new RegistryTopics.Shape(1, LONG, false),
                Copies.OF_BROKERS);
    }

    private void fill() {
        RandomGenerator random = new SplittableRandom();
        registry.execute(new Command.SetPolicy(NAMESPACE, (long) entries.size(), null, 1.0));
        for (int number = 0; number < size.hosts(); number++) {
            HostId id = new HostId("host-" + number);
            Workers.Host host = Workers.join(registry, id);
            partitionOf.put(id.value(), host.partition());
            List<Registration> items = new ArrayList<>();
            for (EntryName entry : entries) {
                items.add(
                        new Registration(
                                ReplicaId.mint(Instant.now(), random),
                                NAMESPACE,
                                entry.key(),
                                new SnapshotId("of-" + entry.key()),
                                1,
                                Description.NONE));
            }
            Workers.ask(registry, new RegisterRequest(host.sender(), items));
        }
    }

    private void evictAll() {
        for (EntryName entry : entries) {
            registry.execute(new Command.Invalidate(entry, null));
        }
        // The sweep dooms the holders of an entry beyond the first chunk.
        boolean more;
        do {
            more = registry.execute(new Command.Sweep(SWEEP)).more();
        } while (more);
    }
}
