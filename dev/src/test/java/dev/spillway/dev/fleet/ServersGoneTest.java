package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.testservers.RecoveryTimes;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Kafka or PostgreSQL goes while the fleet runs, and comes back. */
@Tag("full")
class ServersGoneTest extends FleetOfTwo {
    private static final int CAPACITY = 2;

    @Test
    void withoutKafkaEvictionsReachTheHostsByHeartbeat() throws IOException, InterruptedException {
        namespace("by-heartbeat");
        put(1, "by-heartbeat", "one");
        long generation = Http.get(entry(1, "by-heartbeat", "one")).json().get("generation").asLong();
        attach(2, "by-heartbeat", "one", generation);
        put(2, "by-heartbeat", "two");
        Set<String> onHost1 = FleetProcesses.names(fleet.images(1));
        Set<String> onHost2 = FleetProcesses.names(fleet.images(2));

        fleet.stopKafka();
        put(1, "by-heartbeat", "three");
        put(1, "by-heartbeat", "four");

        FleetInProcess.awaitNotReady(fleet.url(), "kafka");
        FleetInProcess.awaitNotReady(fleet.workerUrl(1), "kafka");
        assertThat(Spillway.run("hosts", "--url", fleet.url()).out())
                .containsPattern("COORDINATOR +OLDEST +ATTENTION\\Rkafka +- +not ready: Kafka at .*: connection refused, for ");
        assertThat(Spillway.run("hosts", "--json", "--url", fleet.url()).out()).contains("\"readiness\":{\"ready\":false,");
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            assertThat(Http.get(fleet.url() + "/v1/evictions?state=open&namespace=by-heartbeat").json().get("items")).isEmpty();
            assertThat(FleetProcesses.names(fleet.images(1))).doesNotContainAnyElementsOf(onHost1).hasSize(2);
            assertThat(FleetProcesses.names(fleet.images(2))).doesNotContainAnyElementsOf(onHost2).isEmpty();
        });

        fleet.startKafka();
        FleetInProcess.awaitReady(fleet.url());
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        assertThat(Spillway.run("hosts", "--url", fleet.url()).out()).doesNotContain("COORDINATOR");
        // The facts of what happened meanwhile were kept, and are told now.
        try (EvictionFacts facts = new EvictionFacts(fleet.kafkaServers())) {
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(facts.readMore().values()).contains("one", "two"));
        }
        put(2, "by-heartbeat", "five");
        clean("by-heartbeat");
    }

    @Test
    void withoutPostgresNothingIsLostAndTheFleetRecovers() throws IOException, InterruptedException {
        namespace("kept");
        put(1, "kept", "before");

        fleet.stopPostgres();
        FleetInProcess.awaitNotReady(fleet.url(), "postgresql");
        // Hosts go on serving what they hold; what cannot be registered is not said to be stored.
        assertThat(Http.get(entry(1, "kept", "before")).status()).isEqualTo(200);
        Map<String, String> idempotency = Map.of("Idempotency-Key", UUID.randomUUID().toString());
        Http.Answer refused = Http.send("PUT", entry(1, "kept", "during"), Map.of("sourceDir", tree.toString()), idempotency);
        assertThat(refused.status()).as(refused.text()).isIn(503, 504);

        fleet.startPostgres();
        FleetInProcess.awaitReady(fleet.url());
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            Http.Answer stored = Http.send("PUT", entry(1, "kept", "during"), Map.of("sourceDir", tree.toString()), idempotency);
            assertThat(stored.status()).as(stored.text()).isEqualTo(200);
        });
        assertThat(Http.get(fleet.url() + "/v1/namespaces/kept").json().get("entries").asLong()).isEqualTo(2);
        assertThat(Http.get(entry(1, "kept", "before")).status()).isEqualTo(200);
        clean("kept");
    }

    /** The places that a worker and the coordinators reached in the old topics are beyond the ends of the new ones. */
    @Test
    void topicsThatAreDeletedUnderTheFleetAreMadeAgainAndNothingIsLost() throws Exception {
        namespace("recreated");
        putUntilOrdersComeByKafka("recreated", "before-");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(openEvictions("recreated")).isEmpty());
        long deleted;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", fleet.kafkaServers()))) {
            Map<String, Uuid> before = topicIds(admin);
            assertThat(before).hasSize(3);
            admin.deleteTopics(before.keySet()).all().get();
            deleted = System.nanoTime();
            put(1, "recreated", "during-1");
            put(2, "recreated", "during-2");
            put(1, "recreated", "during-3");
            Eventually.holds(
                    FleetInProcess.WITHIN,
                    () -> assertThat(topicIds(admin)).hasSize(3)
                            .doesNotContainValue(before.get("spillway.orders"))
                            .doesNotContainValue(before.get("spillway.evictions"))
                            .doesNotContainValue(before.get("spillway.reports")));
            RecoveryTimes.note("Kafka's topics are deleted | all three are made again", deleted);
        }
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            assertThat(openEvictions("recreated")).isEmpty();
            assertThat(FleetProcesses.names(fleet.images(1))).hasSize(1);
            assertThat(FleetProcesses.names(fleet.images(2))).hasSize(1);
        });
        RecoveryTimes.note("Kafka's topics are deleted, and puts evict meanwhile | all evicted images are deleted", deleted);
        FleetInProcess.awaitReady(fleet.url());
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        RecoveryTimes.note("Kafka's topics are deleted | coordinator and worker are ready", deleted);

        putUntilOrdersComeByKafka("recreated", "after-");
        RecoveryTimes.note("Kafka's topics are deleted | orders go by Kafka again", deleted);
        try (EvictionFacts facts = new EvictionFacts(fleet.kafkaServers())) {
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(facts.readMore().values()).contains("during-2", "during-3"));
        }
        clean("recreated");
    }

    @Test
    void topicsWithFewerCopiesThanAskedForAreShownThoughTheCoordinatorIsReady() throws Exception {
        fleet.stopCoordinator();
        fleet.startCoordinator(Map.of("topics-replication-factor", "2"));
        FleetInProcess.awaitReady(fleet.url());
        assertThat(Spillway.run("hosts", "--url", fleet.url()).out()).containsPattern(
                "COORDINATOR +OLDEST +ATTENTION\\R"
                        + "kafka +- +topic spillway.orders: replication factor: 1 \\(expected: 2, as a new topic would have\\); topic ");
        fleet.stopCoordinator();
        fleet.startCoordinator();
        FleetInProcess.awaitReady(fleet.url());
    }

    private static Map<String, Uuid> topicIds(Admin admin) throws InterruptedException, ExecutionException {
        return admin.listTopics().listings().get().stream().collect(Collectors.toMap(TopicListing::name, TopicListing::topicId));
    }

    private JsonNode openEvictions(String namespace) throws IOException, InterruptedException {
        return Http.get(fleet.url() + "/v1/evictions?state=open&namespace=" + namespace).json().get("items");
    }

    private double ordersReadFromKafka(int host) throws IOException, InterruptedException {
        return Http.get(fleet.workerUrl(host) + "/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith("spillway_orders_read_total"))
                .mapToDouble(line -> Double.parseDouble(line.replaceFirst(".* ", "")))
                .sum();
    }

    private void namespace(String name) throws IOException, InterruptedException {
        Http.Answer answer = Http.send("PUT", fleet.url() + "/v1/namespaces/" + name, Map.of("maxEntries", CAPACITY), Map.of());
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    }

    /** Puts at host 1 until everything there was before is evicted, and longer, because a single order may go with the heartbeat instead. */
    private void putUntilOrdersComeByKafka(String namespace, String prefix) throws IOException, InterruptedException {
        double read = ordersReadFromKafka(1);
        AtomicInteger number = new AtomicInteger();
        while (number.incrementAndGet() <= CAPACITY) {
            put(1, namespace, prefix + number);
        }
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            put(1, namespace, prefix + number.getAndIncrement());
            assertThat(ordersReadFromKafka(1)).isGreaterThan(read);
        });
    }

    private void put(int host, String namespace, String key) {
        offer(host, namespace, key, Map.of("sourceDir", tree.toString()));
    }

    private void attach(int host, String namespace, String key, long generation) {
        offer(host, namespace, key, Map.of("sourceDir", tree.toString(), "generation", generation));
    }

    private void offer(int host, String namespace, String key, Map<String, Object> body) {
        Map<String, String> idempotency = Map.of("Idempotency-Key", UUID.randomUUID().toString());
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            Http.Answer answer = Http.send("PUT", entry(host, namespace, key), body, idempotency);
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        });
    }

    private void clean(String namespace) throws IOException, InterruptedException {
        Http.Answer cleaned =
                Http.send("POST", fleet.url() + "/v1/namespaces/" + namespace + "/clean", Map.of("confirm", namespace), Map.of());
        assertThat(cleaned.status()).as(cleaned.text()).isEqualTo(200);
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            assertThat(FleetProcesses.names(fleet.images(1))).isEmpty();
            assertThat(FleetProcesses.names(fleet.images(2))).isEmpty();
        });
    }

    private String entry(int host, String namespace, String key) {
        return fleet.workerUrl(host) + "/v1/directories/" + namespace + "/entries/" + key;
    }
}
