package dev.spillway.coordinator.app;

import dev.spillway.api.body.Entries;
import dev.spillway.coordinator.Await;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.SecuredKafka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Kafka requires SASL over TLS, and PostgreSQL is trusted only by its certificate. */
@Tag("full")
class SecuredServersTest {
    private static final String PASSWORD = "canary-of-kafka";

    @TempDir
    private static Path directory;
    private static SecuredKafka kafka;
    private static CoordinatorServers servers;

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.in(directory, PASSWORD);
        servers = new CoordinatorServers(directory, kafka.broker());
        Certificate certificate = Certificate.make(directory, "postgres");
        Path data = Path.of(ask("SHOW data_directory"));
        for (Path file : new Path[]{certificate.certificate(), certificate.key()}) {
            Path served = Files.copy(file, data.resolve("server." + (file.equals(certificate.key()) ? "key" : "crt")));
            Files.setOwner(served, Files.getOwner(data));
        }
        servers.execute(servers.postgres().jdbcUrl(), "ALTER SYSTEM SET ssl = on");
        servers.execute(servers.postgres().jdbcUrl(), "SELECT pg_reload_conf()");
        Await.until("PostgreSQL speaks TLS", () -> ask("SHOW ssl").equals("on"));
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    private static String ask(String query) throws SQLException {
        try (Connection connection =
                DriverManager.getConnection(servers.postgres().jdbcUrl(), servers.postgres().user(), servers.postgres().password());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    private static String verified(String root) {
        return servers.postgres().jdbcUrl() + "?sslmode=verify-full&sslrootcert=" + directory.resolve(root);
    }

    @Test
    void aCoordinatorWorksWithBoth() throws Exception {
        CoordinatorSettings settings = servers.settings(
                Map.of("kafka-client-properties", kafka.client().toString(), "database-url", verified("postgres.crt")));
        assertThat(settings.toString()).contains("client.properties").doesNotContain(PASSWORD);
        assertThat(settings.kafka().toString()).doesNotContain(PASSWORD);
        try (Coordinator coordinator = Coordinator.start(settings)) {
            CoordinatorClient client = new CoordinatorClient(coordinator.address());
            client.namespace(1);
            client.put("a", Entries.Stored.class);
            assertThat(client.put("b", Entries.Stored.class).evicted()).hasSize(1);
            Await.until(
                    "the fact is out",
                    () -> client.request("GET", "/metrics", "")
                            .body()
                            .lines()
                            .anyMatch(line -> line.startsWith("spillway_facts_published_total") && !line.endsWith(" 0.0")));
            assertThat(client.unready()).isEmpty();
            assertThat(
                    ask(
                            "SELECT string_agg(DISTINCT ssl::text, ' ') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                    + "WHERE application_name = 'spillway-coordinator'"))
                    .isEqualTo("true");
        }
    }

    @Test
    void aWrongPasswordOfKafkaIsNamedAndNotShown() throws Exception {
        CoordinatorSettings settings = servers.settings(
                Map.of("kafka-client-properties", kafka.withPassword(directory, "another-canary").toString(), "startup-timeout", "1s"));
        assertThatThrownBy(() -> Coordinator.start(settings)).isInstanceOf(DependencyUnavailableException.class)
                .hasMessageContainingAll("Kafka at ", "authentication failed: ")
                .message()
                .doesNotContain("another-canary");
    }

    @Test
    void aServerWithAnotherCertificateIsNotBelieved() throws Exception {
        CoordinatorSettings settings = servers.settings(
                Map.of(
                        "kafka-client-properties",
                        kafka.client().toString(),
                        "database-url",
                        verified("kafka.crt"),
                        "startup-timeout",
                        "1s"));
        assertThatThrownBy(() -> Coordinator.start(settings)).isInstanceOf(DependencyUnavailableException.class)
                .hasMessageContainingAll("PostgreSQL at ", "SSL");
    }
}
