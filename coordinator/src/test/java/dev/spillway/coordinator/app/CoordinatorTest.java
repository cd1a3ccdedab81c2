package dev.spillway.coordinator.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TopicReader;
import dev.spillway.coordinator.Workers;
import dev.spillway.coordinator.http.EntryPutAnswer;
import dev.spillway.coordinator.http.EvictionAnswer;
import dev.spillway.coordinator.http.HostAnswer;
import dev.spillway.coordinator.http.ListAnswer;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.KafkaSettings;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EventCodec;
import dev.spillway.events.EventMessage;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.Json;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.Topics;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.NotReachableException;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.Sources;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A whole coordinator on a real PostgreSQL and a real Kafka, which come and go. */
@Timeout(180)
class CoordinatorTest {
    @TempDir
    static Path directory;

    private static PostgresServer postgres;
    private static KafkaBroker kafka;
    private static Coordinator coordinator;

    private final ObjectMapper json = Json.strict();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Random random = new Random();
    private final String namespace = "ns" + random.nextInt(1_000_000);
    private final String hostName = "host-" + random.nextInt(1_000_000);

    @BeforeAll
    static void start() throws Exception {
        postgres = postgres(0);
        kafka = kafka(0);
        coordinator = Coordinator.start(settings(Map.of()));
    }

    @AfterAll
    static void stop() {
        coordinator.close();
        kafka.close();
        postgres.close();
    }

    private static PostgresServer postgres(int port) {
        return PostgresServer.start(PostgresSettings.keptIn(directory.resolve("postgres")).withPort(port));
    }

    private static KafkaBroker kafka(int port) {
        return KafkaBroker.start(KafkaSettings.keptIn(directory.resolve("kafka")).withPort(port));
    }

    private static CoordinatorSettings settings(Map<String, String> more) throws Exception {
        Map<String, String> settings =
                new HashMap<>(Map.of("listen", "127.0.0.1:0", "database-url", postgres.jdbcUrl(), "database-user", postgres.user(),
                        "database-password", postgres.password(), "kafka-servers", kafka.bootstrapServers(), "orders-partitions", "4",
                        "evictions-partitions", "2",
                        "reports-partitions", "2"));
        settings.putAll(
                Map.of("order-retry", "500ms", "order-retry-max", "2s", "upkeep", "200ms", "heartbeat", "1s", "startup-timeout", "60s"));
        settings.putAll(more);
        return CoordinatorSettings.read(Sources.of(settings));
    }

    @Test
    void anEvictionGoesOutThroughKafkaAndItsReportComesBack() throws Exception {
        namespace(1);
        Sender sender = join();
        ReplicaId evicted = register(sender, "a");
        register(sender, "b");
        try (var orders = new TopicReader(kafka.bootstrapServers(), Topics.ORDERS, "order.v1");
                var facts = new TopicReader(kafka.bootstrapServers(), Topics.EVICTIONS, "eviction.v1")) {
            Await.until("the order is out", () -> orders.values(Order.class).stream().anyMatch(order -> order.replicaId().equals(evicted)));
            Await.until("the fact is out",
                    () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(namespace)));
            int partition = get("/v1/hosts/" + hostName, HostAnswer.class).partition();
            assertThat(orders.records()).filteredOn(record -> TopicReader.read(Order.class, record).replicaId().equals(evicted))
                    .allMatch(record -> record.partition() == partition);
        }
        assertThat(evictions().getFirst().state()).isEqualTo("open");
        report(Workers.deleted(sender, evicted));
        Await.until("the eviction is closed", () -> evictions().getFirst().state().equals("closed"));
        assertThat(evictions().getFirst().orders()).singleElement().satisfies(order -> assertThat(order.state()).isEqualTo("DELETED"));
    }

    @Test
    void figuresTellWhatTheRegistryDoes() throws Exception {
        namespace(1);
        Sender sender = join();
        register(sender, "a");
        register(sender, "b");
        request("DELETE", "/v1/namespaces/" + namespace + "/entries/nothing", "");
        Await.until("open orders and hosts are seen",
                () -> metric("spillway_orders_open") >= 1 && metric("spillway_hosts{state=\"active\"}") >= 1);
        assertThat(metric("spillway_orders_oldest_age_seconds")).isGreaterThan(0);
        Await.until("the fact is published",
                () -> metric("spillway_facts_published_total") >= 1 && metric("spillway_orders_published_total") >= 1);
        assertThat(metric("spillway_commands_seconds_count{kind=\"Register\",outcome=\"accepted\"}")).isGreaterThanOrEqualTo(2);
        assertThat(metric("spillway_commands_seconds_count{kind=\"Invalidate\",outcome=\"absent\"}")).isGreaterThanOrEqualTo(1);
    }

    @Test
    void withoutKafkaOrdersGoByHeartbeatAndNothingIsLost() throws Exception {
        namespace(1);
        Sender sender = join();
        ReplicaId evicted = register(sender, "a");
        int port = kafka.port();
        kafka.close();
        Await.until("readiness names Kafka", () -> unready().contains("kafka"));
        assertThat(unready()).doesNotContain("postgresql");
        register(sender, "b");
        assertThat(heartbeat(sender).orders()).extracting(Order::replicaId).containsExactly(evicted);
        kafka = kafka(port);
        Await.until("it recovers by itself", () -> unready().isEmpty());
        try (var facts = new TopicReader(kafka.bootstrapServers(), Topics.EVICTIONS, "eviction.v1")) {
            Await.until("the fact is out after all",
                    () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(namespace)));
        }
    }

    @Test
    void withoutTheDatabaseNothingIsPromisedAndReportsWait() throws Exception {
        namespace(1);
        Sender sender = join();
        ReplicaId evicted = register(sender, "a");
        register(sender, "b");
        int port = postgres.port();
        postgres.close();
        Await.until("readiness names PostgreSQL", () -> unready().contains("postgresql"));
        assertThat(unready()).doesNotContain("kafka");
        Await.until("readiness says in plain words which server and why",
                () -> request("GET", "/readyz", "").body().contains("PostgreSQL at " + postgres.jdbcUrl() + ": connection refused"));
        assertThat(request("GET", "/readyz", "").body()).doesNotContain("Exception");
        HttpResponse<String> refused = request("PUT", "/v1/namespaces/" + namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        assertThat(refused.body()).contains("urn:spillway:problem:registry-unavailable").doesNotContain("Exception", "jdbc");
        report(Workers.deleted(sender, evicted));
        postgres = postgres(port);
        Await.until("it recovers by itself", () -> unready().isEmpty());
        Await.until("the report was not lost", () -> evictions().getFirst().state().equals("closed"));
        assertThat(put("c", EntryPutAnswer.class).evicted()).hasSize(1);
    }

    @Test
    void severalCoordinatorsServeOneRegistry() throws Exception {
        namespace(2);
        try (Coordinator second = Coordinator.start(settings(Map.of()))) {
            Sender sender = join();
            ReplicaId first = register(sender, "a");
            for (HostPort address : List.of(second.address(), coordinator.address())) {
                JsonNode entry =
                        json.readTree(request(address, "GET", "/v1/namespaces/" + namespace + "/entries/a?touch=false", "").body());
                assertThat(entry.path("replicas").get(0).path("replicaId").asText()).isEqualTo(first.toString());
            }
            HttpResponse<String> put =
                    request(second.address(), "PUT", "/v1/namespaces/" + namespace + "/entries/b", "{\"snapshotId\":\"s\"}");
            assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
            request(second.address(), "PUT", "/v1/namespaces/" + namespace + "/entries/c", "{\"snapshotId\":\"s\"}");
            assertThat(evictions()).hasSize(1);
            try (var facts = new TopicReader(kafka.bootstrapServers(), Topics.EVICTIONS, "eviction.v1")) {
                Await.until("one of them publishes the fact",
                        () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(namespace)));
            }
            report(Workers.deleted(sender, first));
            Await.until("one of them takes the report", () -> evictions().getFirst().state().equals("closed"));
        }
        assertThat(unready()).isEmpty();
    }

    @Test
    void aClosedCoordinatorLeavesNothingRunning() throws Exception {
        Map<String, Long> before = threads();
        try (Coordinator another = Coordinator.start(settings(Map.of()))) {
            assertThat(threads()).isNotEqualTo(before);
            assertThat(request(another.address(), "GET", "/livez", "").statusCode()).isEqualTo(200);
        }
        Await.until("all its threads have ended", () -> threads().equals(before));
    }

    /** How many threads of each part there are. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces()
                .keySet()
                .stream()
                .map(Thread::getName)
                .filter(name -> List.of("kafka-watch", "publish-orders", "publish-facts", "take-reports", "upkeep").contains(name)
                        || name.startsWith("kafka-producer-network-thread")
                        || name.startsWith("kafka-admin-client-thread")
                        || name.startsWith("spillway-registry"))
                .collect(Collectors.groupingBy(name -> name, Collectors.counting()));
    }

    @Test
    void aHostThatGoesSilentIsNoticed() throws Exception {
        try (Coordinator impatient = Coordinator.start(settings(Map.of("heartbeat", "200ms", "host-timeout", "700ms")))) {
            join();
            Await.until("the host is away",
                    () -> json.readValue(request(impatient.address(), "GET", "/v1/hosts/" + hostName, "").body(), HostAnswer.class)
                            .state()
                            .equals("AWAY"));
        }
    }

    @Test
    void aServerThatIsNotThereInTimeIsNamed() throws Exception {
        int nobody = freePort();
        assertThatThrownBy(() -> Coordinator.start(settings(Map.of("kafka-servers", "127.0.0.1:" + nobody, "startup-timeout", "1s"))))
                .isInstanceOf(NotReachableException.class)
                .hasMessageStartingWith("Kafka at 127.0.0.1:" + nobody + ": connection refused, given up after ")
                .hasMessageEndingWith(" attempts in 1 s");
        assertThatThrownBy(() -> Coordinator.start(settings(Map.of("database-url", "jdbc:postgresql://127.0.0.1:" + nobody + "/x",
                "startup-timeout", "1s")))).isInstanceOf(NotReachableException.class)
                .hasMessageStartingWith("PostgreSQL at jdbc:postgresql://127.0.0.1:" + nobody + "/x: connection refused, given up after ");
    }

    @Test
    void eachServerThatIsNotThereInTimeIsNamed() throws Exception {
        int nobody = freePort();
        String url = "jdbc:postgresql://127.0.0.1:" + nobody + "/x";
        assertThatThrownBy(() -> Coordinator.start(settings(Map.of("kafka-servers", "127.0.0.1:" + nobody, "database-url", url,
                "startup-timeout", "1s")))).isInstanceOf(NotReachableException.class)
                .hasMessageMatching(
                        Pattern.quote("PostgreSQL at " + url + ": connection refused") + ", given up after \\d+ attempts? in 1 s; "
                                + Pattern.quote("Kafka at 127.0.0.1:" + nobody + ": connection refused")
                                + ", given up after \\d+ attempts? in 1 s");
    }

    @Test
    void whatIsADatabaseOfSomethingElseIsRefusedAtOnceAndIsNoDefect() throws Exception {
        String url = postgres.jdbcUrl().replaceFirst("/[^/?]+(?=\\?|$)", "/library");
        execute(postgres.jdbcUrl(), "CREATE DATABASE library");
        execute(url, "CREATE TABLE books (title text)");
        assertThatThrownBy(() -> Coordinator.start(settings(Map.of("database-url", url)))).isInstanceOf(UnusableServerException.class)
                .hasMessageStartingWith("schema of " + url + ": ");
    }

    private static void execute(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url, postgres.user(), postgres.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void whatListensAndSaysNothingIsGivenUp() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/spillway";
            assertGivenUp(Map.of("database-url", url), url, "something listens there and does not answer as PostgreSQL does, timed out");
        }
    }

    @Test
    void whatWaitingCannotHealIsCalledWhatItIs() {
        String another = postgres.jdbcUrl().replaceFirst("/[^/?]+(?=\\?|$)", "/another");
        assertGivenUp(Map.of("database-password", "wrong"), postgres.jdbcUrl(),
                "authentication failed, user " + postgres.user() + " with this password was refused");
        assertGivenUp(Map.of("database-url", another), another, "the database does not exist");
        assertGivenUp(Map.of("database-url", "jdbc:postgresql://db.invalid/x"), "jdbc:postgresql://db.invalid/x", "unknown host name");
    }

    private static void assertGivenUp(Map<String, String> wrong, String url, String why) {
        Map<String, String> settings = new HashMap<>(wrong);
        settings.put("startup-timeout", "0s");
        assertThatThrownBy(() -> Coordinator.start(settings(settings))).isInstanceOf(NotReachableException.class)
                .hasMessage("PostgreSQL at " + url + ": " + why + ", given up after 1 attempt");
    }

    @Test
    void aDatabaseMayBeMadeLaterThanTheCoordinator() throws Exception {
        String late = postgres.jdbcUrl().replaceFirst("/[^/?]+(?=\\?|$)", "/made_later");
        var starting = new CompletableFuture<Coordinator>();
        CoordinatorSettings patient = settings(Map.of("database-url", late));
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    starting.complete(Coordinator.start(patient));
                } catch (Exception e) {
                    starting.completeExceptionally(e);
                }
            });
            Await.until("said what is missing", () -> log.toString(StandardCharsets.UTF_8)
                    .contains("PostgreSQL at " + late + ": the database does not exist, attempt 1"));
            assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain(postgres.password());
        } finally {
            System.setErr(before);
        }
        execute(postgres.jdbcUrl(), "CREATE DATABASE made_later");
        try (Coordinator started = starting.get(90, TimeUnit.SECONDS)) {
            assertThat(request(started.address(), "GET", "/readyz", "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aServerMayComeLaterThanTheCoordinator() throws Exception {
        int port = freePort();
        var starting = new CompletableFuture<Coordinator>();
        CoordinatorSettings patient = settings(Map.of("kafka-servers", "127.0.0.1:" + port));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                starting.complete(Coordinator.start(patient));
            } catch (Exception e) {
                starting.completeExceptionally(e);
            }
        });
        try (KafkaBroker late = KafkaBroker.start(KafkaSettings.temporary().withPort(port));
                Coordinator started = starting.get(90, TimeUnit.SECONDS)) {
            assertThat(late.port()).isEqualTo(port);
            assertThat(request(started.address(), "GET", "/readyz", "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void anAddressInUseIsNamedAndNothingIsLeft() throws Exception {
        assertThatThrownBy(() -> Coordinator.start(settings(Map.of("listen", coordinator.address().toString()))))
                .hasMessageContaining(coordinator.address().toString());
        assertThat(unready()).isEmpty();
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void namespace(int maxEntries) throws Exception {
        HttpResponse<String> set = request("PUT", "/v1/namespaces/" + namespace, "{\"maxEntries\":" + maxEntries + "}");
        assertThat(set.statusCode()).as(set.body()).isEqualTo(200);
    }

    private Sender join() throws Exception {
        var host = new HostId(hostName);
        var store = StoreId.parse(UUID.nameUUIDFromBytes(hostName.getBytes(StandardCharsets.UTF_8)).toString());
        var joined =
                (JoinAnswer.Joined) ask(host, "join", new JoinRequest(host, store, "127.0.0.1:7080", List.of(1), null, 0, 0, null, null),
                        JoinAnswer.class);
        return new Sender(host, store, joined.registryId(), joined.epoch(), joined.incarnation());
    }

    private ReplicaId register(Sender sender, String key) throws Exception {
        var id = ReplicaId.mint(Instant.now(), random);
        ask(sender.hostId(), "register", new RegisterRequest(sender,
                List.of(new Registration(id, new NamespaceName(namespace), new EntryKey(key), new SnapshotId("s-" + key), 4096,
                        Description.NONE))),
                ReplicaOutcomes.class);
        return id;
    }

    private HeartbeatAnswer heartbeat(Sender sender) throws Exception {
        return ask(sender.hostId(), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0), HeartbeatAnswer.class);
    }

    private <T> T ask(HostId host, String message, Object body, Class<T> answer) throws Exception {
        HttpResponse<String> response = request("POST", "/v1/workers/" + host + "/" + message, json.writeValueAsString(body));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), answer);
    }

    private <T> T put(String key, Class<T> answer) throws Exception {
        HttpResponse<String> response =
                request("PUT", "/v1/namespaces/" + namespace + "/entries/" + key, "{\"snapshotId\":\"s-" + key + "\"}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), answer);
    }

    private <T> T get(String path, Class<T> answer) throws Exception {
        return json.readValue(request("GET", path, "").body(), answer);
    }

    private List<EvictionAnswer> evictions() throws Exception {
        return json.readValue(request("GET", "/v1/evictions?namespace=" + namespace, "").body(),
                new com.fasterxml.jackson.core.type.TypeReference<ListAnswer<EvictionAnswer>>() {}).items();
    }

    private List<String> unready() throws Exception {
        HttpResponse<String> response = request("GET", "/readyz", "");
        List<String> parts = json.readTree(response.body())
                .path("parts")
                .valueStream()
                .filter(part -> !part.path("ready").asBoolean())
                .map(part -> part.path("name").asText())
                .toList();
        assertThat(response.statusCode()).isEqualTo(parts.isEmpty() ? 200 : 503);
        return parts;
    }

    private double metric(String name) throws Exception {
        return request("GET", "/metrics", "").body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .orElse(0.0);
    }

    private HttpResponse<String> request(String method, String path, String body) throws Exception {
        return request(coordinator.address(), method, path, body);
    }

    private HttpResponse<String> request(HostPort address, String method, String path, String body) throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create("http://" + address + path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build(),
                BodyHandlers.ofString());
    }

    private static void report(Report report) throws Exception {
        var settings = new dev.spillway.service.kafka.KafkaSettings(List.of(HostPort.parse(kafka.bootstrapServers())), "worker",
                Duration.ofSeconds(10));
        EventMessage event = new EventCodec("/spillway/worker").encode(report, Instant.now());
        Map<String, byte[]> headers = new HashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        try (var sender = new MessageSender(settings)) {
            sender.send(new Message(Topics.REPORTS, OptionalInt.empty(), report.hostId().value(), headers,
                    event.json().getBytes(StandardCharsets.UTF_8)))
                    .get(20, TimeUnit.SECONDS);
        }
    }
}
