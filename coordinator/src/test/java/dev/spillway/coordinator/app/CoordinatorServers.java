package dev.spillway.coordinator.app;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.service.settings.Sources;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** A real PostgreSQL and a real Kafka, which come and go, and the settings of a coordinator on them. */
final class CoordinatorServers implements AutoCloseable {
    private final Path directory;
    private final Map<String, String> brokerProperties;
    private PostgresServer postgres;
    private KafkaBroker kafka;

    /** @param directory keeps what they store */
    CoordinatorServers(Path directory) {
        this(directory, Map.of());
    }

    CoordinatorServers(Path directory, Map<String, String> brokerProperties) {
        this.directory = directory;
        this.brokerProperties = brokerProperties;
        postgres = postgres(0);
        kafka = kafka(0);
    }

    private PostgresServer postgres(int port) {
        return PostgresServer.start(PostgresSettings.keptIn(directory.resolve("postgres")).withPort(port));
    }

    private KafkaBroker kafka(int port) {
        EmbeddedKafkaSettings settings = EmbeddedKafkaSettings.keptIn(directory.resolve("kafka")).withPort(port);
        for (Map.Entry<String, String> property : brokerProperties.entrySet()) {
            settings = settings.withProperty(property.getKey(), property.getValue());
        }
        return KafkaBroker.start(settings);
    }

    PostgresServer postgres() {
        return postgres;
    }

    String kafka() {
        return kafka.bootstrapServers();
    }

    void stopPostgres() {
        postgres.close();
    }

    void startPostgres() {
        postgres = postgres(postgres.port());
    }

    void stopKafka() {
        kafka.close();
    }

    void startKafka() {
        kafka = kafka(kafka.port());
    }

    Connection connection(String url) throws SQLException {
        return DriverManager.getConnection(url, postgres.user(), postgres.password());
    }

    void execute(String url, String sql) throws SQLException {
        try (Connection connection = connection(url); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    Coordinator coordinator() throws Exception {
        return Coordinator.start(settings(Map.of()));
    }

    CoordinatorSettings settings(Map<String, String> more) throws Exception {
        return CoordinatorSettings.read(Sources.of(given(more)));
    }

    /** The texts of the settings. */
    Map<String, String> given(Map<String, String> more) {
        Map<String, String> settings =
                new HashMap<>(
                        Map.of(
                                "listen",
                                "127.0.0.1:0",
                                "database-url",
                                postgres.jdbcUrl(),
                                "database-user",
                                postgres.user(),
                                "database-password",
                                postgres.password(),
                                "kafka-servers",
                                kafka.bootstrapServers(),
                                "orders-partitions",
                                "4",
                                "evictions-partitions",
                                "2",
                                "reports-partitions",
                                "2"));
        settings.putAll(
                Map.of("order-retry", "500ms", "order-retry-max", "2s", "upkeep", "200ms", "heartbeat", "1s", "startup-timeout", "5m"));
        settings.putAll(more);
        return settings;
    }

    @Override
    public void close() {
        kafka.close();
        postgres.close();
    }
}
