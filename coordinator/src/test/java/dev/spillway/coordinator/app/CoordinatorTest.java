package dev.spillway.coordinator.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Orders;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TopicReader;
import dev.spillway.coordinator.Workers;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.Topics;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A whole coordinator on a real PostgreSQL and a real Kafka, which come and go. */
class CoordinatorTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;
    private static Coordinator coordinator;

    private CoordinatorClient client;

    @BeforeAll
    static void start() throws Exception {
        servers = new CoordinatorServers(directory);
        coordinator = servers.coordinator();
    }

    @BeforeEach
    void meet() {
        client = new CoordinatorClient(coordinator.address());
    }

    @AfterAll
    static void stop() {
        coordinator.close();
        servers.close();
    }

    @Test
    void anEvictionGoesOutThroughKafkaAndItsReportComesBack() throws Exception {
        client.namespace(1);
        Sender sender = client.join();
        ReplicaId evicted = client.register(sender, "a");
        client.register(sender, "b");
        try (var orders = new TopicReader(servers.kafka(), Topics.ORDERS, "order.v1");
                var facts = new TopicReader(servers.kafka(), Topics.EVICTIONS, "eviction.v1")) {
            Await.until("the order is out", () -> orders.values(Order.class).stream().anyMatch(order -> order.replicaId().equals(evicted)));
            Await.until(
                    "the fact is out",
                    () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(client.namespace)));
            int partition = client.get("/v1/hosts/" + client.hostName, Hosts.Host.class).partition();
            assertThat(orders.records()).filteredOn(record -> TopicReader.read(Order.class, record).replicaId().equals(evicted))
                    .allMatch(record -> record.partition() == partition);
        }
        assertThat(client.evictions().getFirst().state()).isEqualTo(Evictions.State.OPEN);
        report(Workers.deleted(sender, evicted));
        Await.until("the eviction is closed", () -> client.evictions().getFirst().state() == Evictions.State.CLOSED);
        assertThat(client.evictions().getFirst().orders()).singleElement()
                .satisfies(order -> assertThat(order.state()).isEqualTo(Orders.State.DELETED));
    }

    @Test
    void figuresTellWhatTheRegistryDoes() throws Exception {
        client.namespace(1);
        Sender sender = client.join();
        client.register(sender, "a");
        client.register(sender, "b");
        client.request("DELETE", "/v1/namespaces/" + client.namespace + "/entries/nothing", "");
        Await.until(
                "open orders and hosts are seen",
                () -> client.metric("spillway_orders_open") >= 1 && client.metric("spillway_hosts{state=\"active\"}") >= 1);
        assertThat(client.metric("spillway_orders_oldest_age_seconds")).isGreaterThan(0);
        Await.until(
                "the fact is published",
                () -> client.metric("spillway_facts_published_total") >= 1 && client.metric("spillway_orders_published_total") >= 1);
        assertThat(client.metric("spillway_commands_seconds_count{kind=\"Register\",outcome=\"accepted\"}")).isGreaterThanOrEqualTo(2);
        assertThat(client.metric("spillway_commands_seconds_count{kind=\"Invalidate\",outcome=\"absent\"}")).isGreaterThanOrEqualTo(1);
    }

    @Test
    void figuresTellWhoIsRefusedWhatIsUnknownAndHowFarReportsAreBehind() throws Exception {
        Sender sender = client.join();
        assertThat(client.join(StoreId.parse(UUID.randomUUID().toString()))).isInstanceOf(JoinAnswer.Refused.class);
        assertThat(client.orphan(sender).waiting()).isEqualTo(1);
        Await.until("the refusal is seen", () -> client.metric("spillway_hosts_refused{reason=\"host-id-in-use\"}") >= 1);
        Await.until("the orphan is seen", () -> client.metric("spillway_discrepancies{kind=\"orphan\"}") >= 1);
        Await.until(
                "each partition shows how far it is behind",
                () -> client.request("GET", "/metrics", "")
                        .body()
                        .lines()
                        .anyMatch(
                                line -> line.startsWith("kafka_consumer_fetch_manager_records_lag{")
                                        && line.contains("topic=\"spillway.reports\"")));
        assertThat(client.request("GET", "/metrics", "").body()).as("no other figure of Kafka's client")
                .doesNotContainPattern("(?m)^kafka_(?!consumer_fetch_manager_records_lag\\{)")
                .doesNotContain("spillway_reports\"");
    }

    @Tag("full")
    @Test
    void withoutKafkaOrdersGoByHeartbeatAndNothingIsLost() throws Exception {
        client.namespace(1);
        Sender sender = client.join();
        ReplicaId evicted = client.register(sender, "a");
        servers.stopKafka();
        Await.until("readiness names Kafka", () -> client.unready().contains("kafka"));
        assertThat(client.unready()).doesNotContain("postgresql");
        client.register(sender, "b");
        assertThat(client.heartbeat(sender).orders()).extracting(Order::replicaId).containsExactly(evicted);
        servers.startKafka();
        Await.until("it recovers by itself", () -> client.unready().isEmpty());
        try (var facts = new TopicReader(servers.kafka(), Topics.EVICTIONS, "eviction.v1")) {
            Await.until(
                    "the fact is out after all",
                    () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(client.namespace)));
        }
    }

    @Tag("full")
    @Test
    void withoutTheDatabaseNothingIsPromisedAndReportsWait() throws Exception {
        client.namespace(1);
        Sender sender = client.join();
        ReplicaId evicted = client.register(sender, "a");
        client.register(sender, "b");
        servers.stopPostgres();
        Await.until("readiness names PostgreSQL", () -> client.unready().contains("postgresql"));
        assertThat(client.unready()).doesNotContain("kafka");
        Await.until(
                "readiness says in plain words which server and why",
                () -> client.request("GET", "/readyz", "")
                        .body()
                        .contains("PostgreSQL at " + servers.postgres().jdbcUrl() + ": connection refused"));
        assertThat(client.request("GET", "/readyz", "").body()).doesNotContain("Exception");
        HttpResponse<String> refused = client.request("PUT", "/v1/namespaces/" + client.namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        assertThat(refused.body()).contains("urn:spillway:problem:registry-unavailable").doesNotContain("Exception", "jdbc");
        report(Workers.deleted(sender, evicted));
        servers.startPostgres();
        Await.until("it recovers by itself", () -> client.unready().isEmpty());
        Await.until("the report was not lost", () -> client.evictions().getFirst().state() == Evictions.State.CLOSED);
        assertThat(client.put("c", Entries.Stored.class).evicted()).hasSize(1);
    }

    @Test
    void severalCoordinatorsServeOneRegistry() throws Exception {
        client.namespace(2);
        try (Coordinator second = servers.coordinator()) {
            Sender sender = client.join();
            ReplicaId first = client.register(sender, "a");
            for (HostPort address : List.of(second.address(), coordinator.address())) {
                JsonNode entry =
                        client.tree(address, "/v1/namespaces/" + client.namespace + "/entries/a?touch=false");
                assertThat(entry.path("replicas").get(0).path("replicaId").asText()).isEqualTo(first.toString());
            }
            HttpResponse<String> put =
                    client.request(second.address(), "PUT", "/v1/namespaces/" + client.namespace + "/entries/b", "{\"snapshotId\":\"s\"}");
            assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
            client.request(second.address(), "PUT", "/v1/namespaces/" + client.namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
            assertThat(client.evictions()).hasSize(1);
            try (var facts = new TopicReader(servers.kafka(), Topics.EVICTIONS, "eviction.v1")) {
                Await.until(
                        "one of them publishes the fact",
                        () -> facts.values(EvictionFact.class)
                                .stream()
                                .anyMatch(fact -> fact.namespace().value().equals(client.namespace)));
            }
            report(Workers.deleted(sender, first));
            Await.until("one of them takes the report", () -> client.evictions().getFirst().state() == Evictions.State.CLOSED);
        }
        assertThat(client.unready()).isEmpty();
    }

    @Test
    void aHostThatGoesSilentIsNoticed() throws Exception {
        try (Coordinator impatient = Coordinator.start(servers.settings(Map.of("heartbeat", "200ms", "host-timeout", "700ms")))) {
            client.join();
            Await.until(
                    "the host is away",
                    () -> client.tree(impatient.address(), "/v1/hosts/" + client.hostName)
                            .path("state")
                            .asText()
                            .equals("AWAY"));
        }
    }

    private void report(Report report) throws Exception {
        var settings = new KafkaSettings(List.of(HostPort.parse(servers.kafka())), "worker", Await.HANG);
        EventMessage event = new EventCodec("/spillway/worker").encode(report, Instant.now()).provenBy(client.key());
        Map<String, byte[]> headers = new HashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        try (var sender = new MessageSender(settings)) {
            sender.send(
                    new Message(
                            Topics.REPORTS,
                            OptionalInt.empty(),
                            report.hostId().value(),
                            headers,
                            event.json().getBytes(StandardCharsets.UTF_8)))
                    .get();
        }
    }
}
