package dev.spillway.dev.fleet;

import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.EmbeddedServers;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.Worker;
import dev.spillway.worker.app.WorkerSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** A whole fleet in this process, whose servers and coordinator can go and come back under the same addresses. */
final class FleetInProcess implements AutoCloseable {
    static final Duration WITHIN = Eventually.HANG;

    private final Path scratch;
    private final Map<String, String> ofCoordinator;
    private final IntFunction<Map<String, String>> ofWorker;
    private final int coordinatorPort = Ports.free(1).getFirst();
    private final SortedMap<String, Worker> workers = new TreeMap<>();
    private PostgresServer postgres;
    private KafkaBroker kafka;
    private @Nullable Coordinator coordinator;

    FleetInProcess(Path scratch, int hosts) throws Exception {
        this(scratch, hosts, Map.of(), host -> Map.of());
    }

    /**
     * Starts a fleet whose services are told more.
     *
     * @param ofWorker more settings of a worker, by the number of its host
     */
    FleetInProcess(Path scratch, int hosts, Map<String, String> ofCoordinator, IntFunction<Map<String, String>> ofWorker) throws Exception {
        this.scratch = scratch;
        this.ofCoordinator = ofCoordinator;
        this.ofWorker = ofWorker;
        EmbeddedServers servers =
                EmbeddedServers.start(
                        PostgresSettings.keptIn(scratch.resolve("postgres")),
                        EmbeddedKafkaSettings.keptIn(scratch.resolve("kafka")));
        postgres = servers.postgres();
        kafka = servers.kafka();
        startCoordinator();
        for (int host = 1; host <= hosts; host++) {
            startWorker(host);
        }
        for (Worker worker : workers.values()) {
            if (isSecure()) {
                worker.awaitJoined();
            } else {
                awaitReady("http://" + worker.address());
            }
        }
    }

    /** True if all services speak TLS. */
    private boolean isSecure() {
        return ofCoordinator.containsKey("tls-certificate");
    }

    private String scheme() {
        return isSecure() ? "https://" : "http://";
    }

    String url() {
        return scheme() + "127.0.0.1:" + coordinatorPort;
    }

    String workerUrl(int host) {
        return scheme() + worker(host).address();
    }

    Worker worker(int host) {
        Worker worker = workers.get("host-" + host);
        if (worker == null) {
            throw new IllegalArgumentException("host: " + host + " (expected: one that runs)");
        }
        return worker;
    }

    Path images(int host) {
        return scratch.resolve("host-" + host).resolve("images");
    }

    String kafkaServers() {
        return kafka.bootstrapServers();
    }

    void startCoordinator() throws Exception {
        startCoordinator(ofCoordinator);
    }

    /** Starts it with other settings than those that the fleet was made with. */
    void startCoordinator(Map<String, String> more) throws Exception {
        coordinator =
                Coordinator.start(
                        CoordinatorSettings.read(
                                Sources.of(
                                        with(
                                                more,
                                                Map.ofEntries(
                                                        Map.entry("listen", "127.0.0.1:" + coordinatorPort),
                                                        Map.entry("database-url", postgres.jdbcUrl()),
                                                        Map.entry("database-user", postgres.user()),
                                                        Map.entry("database-password", postgres.password()),
                                                        Map.entry("kafka-servers", kafka.bootstrapServers()),
                                                        Map.entry("kafka-delivery-timeout", "2s"),
                                                        Map.entry("orders-partitions", "4"),
                                                        Map.entry("evictions-partitions", "2"),
                                                        Map.entry("reports-partitions", "2"),
                                                        Map.entry("heartbeat", "300ms"),
                                                        Map.entry("host-timeout", "2s"),
                                                        Map.entry("order-retry", "500ms"),
                                                        Map.entry("order-retry-max", "2s"),
                                                        Map.entry("reconcile", "5s"),
                                                        Map.entry("command-deadline", "5s"),
                                                        Map.entry("grace", "11s"))))));
    }

    void stopCoordinator() {
        Coordinator running = coordinator;
        if (running != null) {
            running.close();
            coordinator = null;
        }
    }

    void startWorker(int host) throws Exception {
        String id = "host-" + host;
        workers.put(
                id,
                Worker.start(
                        WorkerSettings.read(
                                Sources.of(
                                        with(
                                                ofWorker.apply(host),
                                                Map.of(
                                                        "host-id",
                                                        id,
                                                        "listen",
                                                        "127.0.0.1:0",
                                                        "data",
                                                        scratch.resolve(id).toString(),
                                                        "coordinators",
                                                        "127.0.0.1:" + coordinatorPort,
                                                        "kafka-servers",
                                                        kafka.bootstrapServers(),
                                                        "kafka-delivery-timeout",
                                                        "2s",
                                                        "allowed-sources",
                                                        "/",
                                                        "put-deadline",
                                                        "5s")))),
                        failure -> {
                            throw new AssertionError(id, failure);
                        }));
    }

    private static Map<String, String> with(Map<String, String> more, Map<String, String> settings) {
        Map<String, String> all = new TreeMap<>(settings);
        all.putAll(more);
        return all;
    }

    Connection database() throws SQLException {
        return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
    }

    void stopWorker(int host) {
        worker(host).close();
        workers.remove("host-" + host);
    }

    void stopKafka() {
        kafka.close();
    }

    void startKafka() {
        kafka = KafkaBroker.start(EmbeddedKafkaSettings.keptIn(scratch.resolve("kafka")).withPort(kafka.port()));
    }

    void stopPostgres() {
        postgres.close();
    }

    void startPostgres() {
        postgres = PostgresServer.start(PostgresSettings.keptIn(scratch.resolve("postgres")).withPort(postgres.port()));
    }

    static void awaitReady(String url) {
        Eventually.holds(WITHIN, () -> {
            Http.Answer readiness = Http.get(url + "/readyz");
            assertThat(readiness.status()).as(readiness.text()).isEqualTo(200);
        });
    }

    /** Waits until exactly this part is named as not ready, with a reason. */
    static void awaitNotReady(String url, String part) {
        Eventually.holds(WITHIN, () -> {
            Http.Answer readiness = Http.get(url + "/readyz");
            assertThat(readiness.status()).as(readiness.text()).isEqualTo(503);
            readiness.json().get("parts").forEach(each -> {
                assertThat(each.get("ready").asBoolean()).as(each.toString()).isEqualTo(!each.get("name").asText().equals(part));
                assertThat(each.has("why")).isEqualTo(each.get("name").asText().equals(part));
            });
        });
    }

    @Override
    public void close() {
        List.copyOf(workers.values()).forEach(Worker::close);
        stopCoordinator();
        kafka.close();
        postgres.close();
    }
}
