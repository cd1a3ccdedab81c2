package dev.spillway.coordinator.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.http.EntryPutAnswer;
import dev.spillway.events.Topics;
import java.net.http.HttpResponse;
import java.nio.file.Path;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Servers that answer and yet do not do what is asked of them: readiness names the part, and heals by itself. */
@Timeout(240)
class ReadinessTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;
    private static Coordinator coordinator;

    private CoordinatorClient client;

    @BeforeAll
    static void start() throws Exception {
        servers = new CoordinatorServers(directory);
        coordinator = Coordinator.start(servers.settings(Map.of("kafka-delivery-timeout", "4s")));
    }

    @BeforeEach
    void meet() throws Exception {
        client = new CoordinatorClient(coordinator.address());
        Await.until("all is ready", () -> client.unready().isEmpty());
    }

    @AfterEach
    void mend() throws Exception {
        writable();
        set(Topics.EVICTIONS, "min.insync.replicas", "1");
        set(Topics.ORDERS, "min.insync.replicas", "1");
    }

    @AfterAll
    static void stop() {
        coordinator.close();
        servers.close();
    }

    private void set(String topic, String name, String value) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.kafka()))) {
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic),
                    Set.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)))).all().get();
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
        client.put("a", EntryPutAnswer.class);
        assertThat(client.put("b", EntryPutAnswer.class).evicted()).hasSize(1);
    }

    @Test
    void aDatabaseThatOnlyReadsIsNotReadyAndHealsByItself() throws Exception {
        for (String scope : List.of("SYSTEM", "DATABASE " + database())) {
            servers.execute(servers.postgres().jdbcUrl(), "ALTER " + scope + " SET default_transaction_read_only = on");
            reconnect();
            // For a moment it may also say that its connections were ended.
            Await.until("readiness says what PostgreSQL does not do", () -> part("postgresql").path("why").asText().contains("read-only"));
            assertThat(client.unready()).contains("postgresql");
            assertThat(part("postgresql").path("why").asText()).startsWith("PostgreSQL at " + servers.postgres().jdbcUrl() + ": ")
                    .contains("in a read-only transaction, for ")
                    .doesNotContain("Exception");
            HttpResponse<String> refused =
                    client.request("PUT", "/v1/namespaces/" + client.namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
            assertThat(refused.statusCode()).isEqualTo(503);
            writable();
            Await.until("it heals by itself", () -> client.unready().isEmpty());
        }
        client.namespace(1);
    }

    private static String database() {
        String url = servers.postgres().jdbcUrl();
        return url.substring(url.lastIndexOf('/') + 1);
    }

    /** What a session was told at its start it keeps, unless it is a setting of the whole server. */
    private static void reconnect() throws Exception {
        servers.execute(servers.postgres().jdbcUrl(), "SELECT pg_reload_conf()");
        servers.execute(servers.postgres().jdbcUrl(),
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spillway-coordinator'");
    }

    private static void writable() throws Exception {
        String url = servers.postgres().jdbcUrl() + (servers.postgres().jdbcUrl().contains("?") ? "&" : "?")
                + "options=-c%20default_transaction_read_only=off";
        servers.execute(url, "ALTER SYSTEM RESET default_transaction_read_only");
        servers.execute(url, "ALTER DATABASE " + database() + " RESET default_transaction_read_only");
        reconnect();
    }

    @Test
    void factsThatKafkaDoesNotTakeAreNamedWithTheirAgeUntilItTakesThem() throws Exception {
        set(Topics.EVICTIONS, "min.insync.replicas", "2");
        evict();
        Await.until("readiness names the facts", () -> client.unready().contains("facts"));
        Await.until("it says how late they are", () -> age(part("facts")).compareTo(Duration.ofSeconds(2)) > 0);
        Await.until("so do the metrics",
                () -> client.metric("spillway_facts_oldest_age_seconds") > 2 && client.metric("spillway_facts_unpublished") >= 1);
        set(Topics.EVICTIONS, "min.insync.replicas", "1");
        Await.until("it heals by itself", () -> client.unready().isEmpty());
        Await.until("nothing is late", () -> client.metric("spillway_facts_unpublished") == 0);
        assertThat(age(part("facts"))).isEqualTo(Duration.ZERO);
    }

    @Test
    void ordersThatKafkaDoesNotTakeAreNamedUntilItTakesThem() throws Exception {
        set(Topics.ORDERS, "min.insync.replicas", "2");
        client.namespace(1);
        var sender = client.join();
        client.register(sender, "a");
        client.register(sender, "b");
        Await.until("readiness names the orders", () -> client.unready().contains("orders"));
        set(Topics.ORDERS, "min.insync.replicas", "1");
        Await.until("it heals by itself", () -> client.unready().isEmpty());
    }
}
