package dev.spillway.coordinator.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.coordinator.Await;
import dev.spillway.events.codec.Topics;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Servers answer but fail their real work. Readiness names the part, and recovers by itself. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class ReadinessTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;
    private static Coordinator coordinator;

    private CoordinatorClient client;

    @BeforeAll
    static void start() throws Exception {
        servers = new CoordinatorServers(directory, Map.of("alter.config.policy.class.name", TopicsOfOthersTest.Frozen.class.getName()));
        coordinator = Coordinator.start(servers.settings(Map.of("kafka-delivery-timeout", "4s")));
    }

    @BeforeEach
    void meet() throws Exception {
        client = new CoordinatorClient(coordinator.address());
        Await.until("all is ready", () -> client.unready().isEmpty());
    }

    @AfterEach
    void mend() {
        TopicsOfOthersTest.Frozen.inForce = false;
    }

    @AfterAll
    static void stop() {
        coordinator.close();
        servers.close();
    }

    /** Makes a topic refuse messages, and forbids changes of the topic. The coordinator may correct the topic before the rule applies. */
    private static void closeForMessages(String topic) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.kafka()))) {
            Await.until(topic + " takes no message", () -> {
                TopicsOfOthersTest.Frozen.inForce = false;
                admin.incrementalAlterConfigs(
                        Map.of(resource, Set.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", "1"), AlterConfigOp.OpType.SET))))
                        .all()
                        .get();
                TopicsOfOthersTest.Frozen.inForce = true;
                return admin.describeConfigs(List.of(resource))
                        .all()
                        .get()
                        .values()
                        .iterator()
                        .next()
                        .get("max.message.bytes")
                        .value()
                        .equals("1");
            });
        }
    }

    private JsonNode part(String name) throws Exception {
        return client.tree(coordinator.address(), "/readyz")
                .path("parts")
                .valueStream()
                .filter(part -> part.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no part " + name));
    }

    private static Duration age(JsonNode part) {
        return part.path("age").isTextual() ? Duration.parse(part.path("age").asText()) : Duration.ZERO;
    }

    private void evict() throws Exception {
        client.namespace(1);
        client.put("a", Entries.Stored.class);
        assertThat(client.put("b", Entries.Stored.class).evicted()).hasSize(1);
    }

    /** Comes last, because it leaves connections behind that are ended and that the coordinator has yet to find out about. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aDatabaseThatOnlyReadsIsNotReadyAndHealsByItself() throws Exception {
        for (String scope : List.of("SYSTEM", "DATABASE " + database())) {
            try {
                servers.execute(servers.postgres().jdbcUrl(), "ALTER " + scope + " SET default_transaction_read_only = on");
                reconnect();
                // For a moment the reason may also be that its connections were ended.
                Await.until(
                        "readiness says what PostgreSQL does not do",
                        () -> part("postgresql").path("why").asText().contains("read-only"));
                assertThat(client.unready()).contains("postgresql");
                assertThat(part("postgresql").path("why").asText()).startsWith("PostgreSQL at " + servers.postgres().jdbcUrl() + ": ")
                        .contains("in a read-only transaction, for ")
                        .doesNotContain("Exception");
                HttpResponse<String> refused =
                        client.request("PUT", "/v1/namespaces/" + client.namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
                assertThat(refused.statusCode()).isEqualTo(503);
            } finally {
                writable();
            }
            Await.until("it heals by itself", () -> client.unready().isEmpty());
            Await.until(
                    "it takes writes again",
                    () -> client.request("PUT", "/v1/namespaces/" + client.namespace, "{\"maxEntries\":1}").statusCode() == 200);
        }
    }

    private static String database() {
        String url = servers.postgres().jdbcUrl();
        return url.substring(url.lastIndexOf('/') + 1);
    }

    /** Ends sessions, because a session keeps database settings from its start, unlike settings of the whole server. */
    private static void reconnect() throws Exception {
        servers.execute(servers.postgres().jdbcUrl(), "SELECT pg_reload_conf()");
        servers.execute(
                servers.postgres().jdbcUrl(),
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spillway-coordinator'");
    }

    private static void writable() throws Exception {
        String url = servers.postgres().jdbcUrl() + (servers.postgres().jdbcUrl().contains("?") ? "&" : "?")
                + "options=-c%20default_transaction_read_only=off";
        servers.execute(url, "ALTER SYSTEM RESET default_transaction_read_only");
        servers.execute(url, "ALTER DATABASE " + database() + " RESET default_transaction_read_only");
        reconnect();
    }

    @Tag("full")
    @Test
    void factsThatKafkaDoesNotTakeAreNamedWithTheirAgeUntilItTakesThem() throws Exception {
        closeForMessages(Topics.EVICTIONS);
        evict();
        Await.until("readiness names the facts", () -> client.unready().contains("facts"));
        Await.until("it says how late they are", () -> age(part("facts")).compareTo(Duration.ofSeconds(2)) > 0);
        Await.until(
                "so do the metrics",
                () -> client.metric("spillway_facts_oldest_age_seconds") > 2 && client.metric("spillway_facts_unpublished") >= 1);
        TopicsOfOthersTest.Frozen.inForce = false;
        Await.until("it heals by itself", () -> client.unready().isEmpty());
        Await.until("nothing is late", () -> client.metric("spillway_facts_unpublished") == 0);
        assertThat(age(part("facts"))).isEqualTo(Duration.ZERO);
    }

    @Test
    void aTransactionThatKeepsOldRowsIsSeenInTheMetrics() throws Exception {
        try (Connection other = servers.connection(servers.postgres().jdbcUrl())) {
            other.setAutoCommit(false);
            other.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try (Statement statement = other.createStatement()) {
                statement.execute("SELECT count(*) FROM namespaces");
            }
            Await.until("the metrics show it", () -> client.metric("spillway_database_oldest_transaction_age_seconds") > 2);
            other.rollback();
        }
        Await.until("and that it is over", () -> client.metric("spillway_database_oldest_transaction_age_seconds") < 2);
    }

    @Tag("full")
    @Test
    void ordersThatKafkaDoesNotTakeAreNamedUntilItTakesThem() throws Exception {
        closeForMessages(Topics.ORDERS);
        client.namespace(1);
        var sender = client.join();
        client.register(sender, "a");
        client.register(sender, "b");
        Await.until("readiness names the orders", () -> client.unready().contains("orders"));
        TopicsOfOthersTest.Frozen.inForce = false;
        Await.until("it heals by itself", () -> client.unready().isEmpty());
    }
}
