package dev.spillway.dev.fleet;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.api.Role;
import dev.spillway.coordinator.identity.TokensFile;
import dev.spillway.events.HostId;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.testservers.OtlpReceiver;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/** A fleet of two hosts that asks everybody for a token. */
class TokensTest {
    private static final SecureRandom RANDOM = new SecureRandom();

    @TempDir
    private static Path scratch;
    private static final List<String> LIBRARIES =
            List.of("io.vertx", "io.netty", "org.apache.hc", "org.postgresql", "org.jdbi", "com.zaxxer.hikari");
    private static final Map<String, @Nullable Level> FORMER_LEVELS = new HashMap<>();
    private static final Queue<String> LOGGED = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> LOG = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            LOGGED.add(event.getLevel() + " " + event.getLoggerName() + " " + event.getFormattedMessage());
            for (IThrowableProxy cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
                LOGGED.add(String.valueOf(cause.getMessage()));
            }
        }
    };

    private static final ObjectMapper JSON = new ObjectMapper();
    private static FleetInProcess fleet;
    private static OtlpReceiver traces;
    private static String operator;
    private static String ofHost2;

    @BeforeAll
    static void start() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        LOG.setContext(root.getLoggerContext());
        LOG.start();
        root.addAppender(LOG);
        LIBRARIES.forEach(name -> setLevel(name, Level.DEBUG));
        setLevel("dev.spillway", Level.TRACE);
        operator = token("operator");
        List<String> lines = new ArrayList<>(List.of("# tokens of a test", "ops operator " + digest("operator")));
        for (int host = 1; host <= 2; host++) {
            token("host-" + host);
            lines.add("worker-%1$d host %2$s host-%1$d".formatted(host, digest("host-" + host)));
        }
        ofHost2 = Files.readString(scratch.resolve("host-2")).strip();
        token("peer");
        lines.add("workers peer " + digest("peer"));
        token("leaving");
        lines.add("leaving reader " + digest("leaving"));
        Files.write(scratch.resolve("tokens"), lines);
        traces = new OtlpReceiver();
        fleet = new FleetInProcess(
                scratch.resolve("fleet"),
                2,
                Map.of("require-tokens", "true", "tokens-file", scratch.resolve("tokens").toString(), "otlp-endpoint", traces.endpoint()),
                host -> Map.of(
                        "require-tokens",
                        "true",
                        "otlp-endpoint",
                        traces.endpoint(),
                        "registry-token-file",
                        scratch.resolve("host-" + host).toString(),
                        "peer-token-file",
                        scratch.resolve("peer").toString()));
    }

    @AfterAll
    static void stop() {
        fleet.close();
        traces.close();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.detachAppender(LOG);
        // Other tests of this process expect the levels that they began with.
        FORMER_LEVELS.forEach((name, level) -> ((Logger) LoggerFactory.getLogger(name)).setLevel(level));
    }

    private static void setLevel(String name, Level level) {
        Logger logger = (Logger) LoggerFactory.getLogger(name);
        FORMER_LEVELS.put(name, logger.getLevel());
        logger.setLevel(level);
    }

    private static String token(String name) throws IOException {
        String token = AccessToken.mint(RANDOM);
        Files.writeString(scratch.resolve(name), token + "\n");
        return token;
    }

    private static String digest(String name) throws IOException {
        return AccessToken.digest(Files.readString(scratch.resolve(name)).strip());
    }

    private static Spillway.Ran spillway(String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--url", fleet.url(), "--token-file", scratch.resolve("operator").toString()));
        return Spillway.run(all.toArray(String[]::new));
    }

    private static Http.Answer send(String method, String url, @Nullable Object body, String token)
            throws IOException, InterruptedException {
        return Http.send(method, url, body, Map.of("Authorization", "Bearer " + token));
    }

    @Test
    void aTokenIsMadeUsedOnTwoHostsAndRevokedEverywhere() throws Exception {
        assertThat(Spillway.run("hosts", "--url", fleet.url()).err()).contains("A token is needed");
        assertThat(spillway("namespace", "set", "objects", "--max-entries", "10", "--backend", "artifact").exitCode()).isZero();
        assertThat(spillway("namespace", "set", "others", "--max-entries", "10", "--backend", "artifact").exitCode()).isZero();
        Spillway.Ran made = spillway("token", "create", "builder", "--role", "writer", "--namespaces", "objects");
        assertThat(made.exitCode()).as(made.err()).isZero();
        String builder = made.out().strip();
        assertThat(builder).startsWith("spillway_");
        assertThat(spillway("token", "ls").out()).contains("builder", "writer", "objects", "ops").doesNotContain(builder);

        String artifact = "/v1/artifacts/objects/" + "0".repeat(63) + "1";
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(send("PUT", fleet.workerUrl(1) + artifact, "content", builder).status()).isBetween(200, 201));
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(send("GET", fleet.workerUrl(2) + artifact, null, builder).status())
                        .as("from the other host")
                        .isEqualTo(200));
        assertThat(send("PUT", fleet.workerUrl(1) + artifact.replace("objects", "others"), "content", builder).status()).isEqualTo(403);
        assertThat(send("PUT", fleet.url() + "/v1/namespaces/objects", Map.of("maxEntries", 1), builder).status()).isEqualTo(403);
        assertThat(Http.get(fleet.workerUrl(1) + artifact).status()).isEqualTo(401);
        assertThat(stored()).as("the database").doesNotContain(builder).doesNotContain(operator);

        assertThat(spillway("token", "revoke", "builder").exitCode()).isZero();
        Eventually.holds(Eventually.HANG, () -> {
            assertThat(send("GET", fleet.workerUrl(1) + artifact, null, builder).status()).isEqualTo(401);
            assertThat(send("GET", fleet.workerUrl(2) + artifact, null, builder).status()).isEqualTo(401);
        });
        assertThat(spillway("token", "revoke", "builder").exitCode()).isEqualTo(3);
    }

    @Test
    void aTokenOfTheFileIsListedAndEndsWithItsLine() throws Exception {
        String leaving = Files.readString(scratch.resolve("leaving")).strip();
        for (String name : List.of("leaving", "anonymous")) {
            Http.Answer refused = send("POST", fleet.url() + "/v1/tokens", Map.of("name", name, "role", "READER"), operator);
            assertThat(refused.status()).as(name).isEqualTo(409);
            assertThat(refused.text()).as(name).contains("token-exists");
        }
        assertThat(spillway("token", "create", "leaving", "--role", "reader").err()).contains("tokens-file");
        assertThat(spillway("token", "revoke", "leaving").err()).contains("the tokens-file", "remove its line");
        assertThat(spillway("token", "create", "made", "--role", "reader").exitCode()).isZero();
        assertThat(spillway("token", "ls").out()).containsPattern("(?m)^leaving +file +reader")
                .containsPattern("(?m)^made +registry +reader");
        List<String> listed = new ArrayList<>();
        for (String next = ""; next != null;) {
            JsonNode page = send("GET", fleet.url() + "/v1/tokens?limit=1" + next, null, operator).json();
            page.path("items").forEach(item -> listed.add(item.path("source").asText() + " " + item.path("name").asText()));
            next = page.has("next") ? "&after=" + URLEncoder.encode(page.path("next").asText(), StandardCharsets.UTF_8) : null;
        }
        assertThat(listed).doesNotHaveDuplicates()
                .startsWith("FILE leaving", "FILE ops", "FILE worker-1", "FILE worker-2", "FILE workers")
                .contains("REGISTRY made");

        List<String> urls = List.of(fleet.url() + "/v1/namespaces", fleet.workerUrl(1) + "/v1/holds");
        for (String url : urls) {
            assertThat(send("GET", url, null, leaving).status()).as(url).isEqualTo(200);
        }
        Path next = Files.write(
                scratch.resolve("tokens.new"),
                Files.readAllLines(scratch.resolve("tokens")).stream().filter(line -> !line.startsWith("leaving ")).toList());
        Files.move(next, scratch.resolve("tokens"), StandardCopyOption.ATOMIC_MOVE);
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(urls)
                        .allSatisfy(url -> assertThat(send("GET", url, null, leaving).status()).as(url).isEqualTo(401)));
        assertThat(spillway("token", "revoke", "leaving").exitCode()).as("no token of this name").isEqualTo(3);
        assertThat(spillway("token", "ls").exitCode()).as("the others stay").isZero();
    }

    @Test
    void aTokenIsOverEverywhereWhenItsTimeIs() throws Exception {
        Spillway.Ran made = spillway("token", "create", "passing", "--role", "reader", "--lasts", "10s");
        assertThat(made.exitCode()).as(made.err()).isZero();
        String passing = made.out().strip();
        List<String> urls = List.of(fleet.url() + "/v1/namespaces", fleet.workerUrl(1) + "/v1/holds");
        List<Integer> first = new ArrayList<>();
        for (String url : urls) {
            first.add(send("GET", url, null, passing).status());
        }
        assertThat(first).as("while it lasts").containsOnly(200);

        Eventually.holds(Eventually.HANG, () -> assertThat(urls).allSatisfy(url -> {
            Http.Answer answer = send("GET", url, null, passing);
            assertThat(answer.status()).as(url).isEqualTo(401);
            assertThat(answer.text()).contains("is over").doesNotContain(passing);
        }));
        assertThat(spillway("token", "ls").out()).contains("passing");
    }

    @Test
    void whoseATokenIsIsToldToWhoHasIt() throws Exception {
        String limited = spillway("token", "create", "limited", "--role", "reader", "--namespaces", "some").out().strip();
        Http.Answer answer = send("GET", fleet.url() + "/v1/identity", null, limited);
        assertThat(answer.json()).isEqualTo(JSON.readTree("{\"name\":\"limited\",\"role\":\"READER\",\"namespaces\":[\"some\"]}"));
        assertThat(Http.get(fleet.url() + "/v1/identity").status()).isEqualTo(401);
        assertThat(Http.get(fleet.url() + "/ui/").status()).as("the page that asks for a token").isEqualTo(200);
    }

    @Test
    void aTokenOfANamespaceListsExtendsAndReleasesTheHoldsInItAlone() throws Exception {
        Path tree = Files.createDirectory(scratch.resolve("tree"));
        List<String> tokens = new ArrayList<>();
        List<String> holds = new ArrayList<>();
        for (String namespace : List.of("mine", "theirs")) {
            assertThat(spillway("namespace", "set", namespace, "--max-entries", "5").exitCode()).isZero();
            tokens.add(spillway("token", "create", "of-" + namespace, "--role", "reader", "--namespaces", namespace).out().strip());
            String entry = fleet.workerUrl(1) + "/v1/directories/" + namespace + "/entries/key";
            Eventually.holds(
                    Eventually.HANG,
                    () -> assertThat(send("PUT", entry, Map.of("sourceDir", tree.toString()), operator).status())
                            .isEqualTo(200));
            holds.add(send("GET", entry + "?hold=PT10M", null, tokens.getLast()).json().at("/hold/id").asText());
        }
        String all = fleet.workerUrl(1) + "/v1/holds";
        assertThat(send("GET", all, null, operator).json().path("items")).hasSize(2);
        assertThat(spillway("holds", "ls", "--worker", "host-1").out()).containsPattern("(?m)^HOLD .* STATE +OWNER$")
                .containsPattern("(?m)^" + holds.get(0) + " .* LIVE +of-mine$")
                .containsPattern("(?m)^" + holds.get(1) + " .* LIVE +of-theirs$");
        assertThat(send("GET", all, null, tokens.get(0)).json().path("items")).singleElement()
                .satisfies(hold -> assertThat(hold.path("id").asText()).isEqualTo(holds.get(0)));
        for (String foreign : List.of(holds.get(1), "00000000-0000-0000-0000-000000000000")) {
            assertThat(send("PUT", all + "/" + foreign, Map.of("duration", "PT5M"), tokens.get(0)).status()).isEqualTo(404);
            assertThat(send("DELETE", all + "/" + foreign, null, tokens.get(0)).status()).isEqualTo(404);
        }
        assertThat(send("PUT", all + "/" + holds.get(0), Map.of("duration", "PT5M"), tokens.get(0)).status()).isEqualTo(200);
        String colleague = spillway("token", "create", "colleague", "--role", "writer", "--namespaces", "mine").out().strip();
        assertThat(send("GET", all, null, colleague).json().path("items")).as("seen").hasSize(1);
        assertThat(send("PUT", all + "/" + holds.get(0), Map.of("duration", "PT5M"), colleague).status()).as("of another").isEqualTo(403);
        assertThat(send("DELETE", all + "/" + holds.get(0), null, colleague).status()).as("of another").isEqualTo(403);
        assertThat(send("DELETE", all + "/" + holds.get(0), null, tokens.get(0)).status()).isEqualTo(204);
        assertThat(send("DELETE", all + "/" + holds.get(1), null, operator).status()).isEqualTo(204);
    }

    @Test
    void theAuditTrailNamesWhoAsked() throws Exception {
        assertThat(spillway("namespace", "set", "named", "--max-entries", "10").exitCode()).isZero();
        String entry = fleet.url() + "/v1/namespaces/named/entries/key";
        for (Map<String, String> header : List.of(Map.<String, String>of(), Map.of("Idempotency-Key", "once"))) {
            assertThat(send("PUT", entry, Map.of("snapshotId", "a".repeat(64), "sizeBytes", 1), operator).status()).isEqualTo(200);
            Map<String, String> headers = new HashMap<>(header);
            headers.put("Authorization", "Bearer " + operator);
            assertThat(Http.send("DELETE", entry, null, headers).status()).isEqualTo(200);
        }
        assertThat(send("GET", fleet.url() + "/v1/evictions?namespace=named", null, operator).json().path("items")).hasSize(2)
                .allSatisfy(eviction -> assertThat(eviction.path("actor").asText()).isEqualTo("client:ops"));
        assertThat(spillway("audit", "--namespace", "named").lines()).hasSize(2)
                .last()
                .asString()
                .matches("\\d+ s ago +client:ops +set policy +named +maxEntries=10 *");
        assertThat(spillway("token", "create", "short", "--role", "reader").exitCode()).isZero();
        assertThat(spillway("token", "revoke", "short").exitCode()).isZero();
        assertThat(spillway("audit", "--actor", "client:ops").lines()).elements(1, 2)
                .first()
                .asString()
                .matches("\\d+ s ago +client:ops +revoke token +- +short *");
        assertThat(send("GET", fleet.url() + "/v1/audit", null, ofHost2).status()).isEqualTo(403);
    }

    @Test
    void aHostSpeaksForItselfAlone() throws Exception {
        List<Operation> messages = CoordinatorApi.all().stream().filter(each -> each.template().startsWith("/v1/workers/")).toList();
        assertThat(messages).hasSize(10).allSatisfy(message -> {
            assertThat(message.roles()).isEqualTo(Set.of(Role.HOST));
            String path = message.path("host-1");
            assertThat(send("POST", fleet.url() + path, Map.of(), ofHost2).status()).as(path).isEqualTo(403);
            assertThat(send("POST", fleet.url() + path, Map.of(), operator).status()).as(path).isEqualTo(403);
            assertThat(send("POST", fleet.url() + message.path("host-2"), Map.of(), ofHost2).status()).as("its own: " + path)
                    .isEqualTo(400);
        });
        assertThat(send("DELETE", fleet.url() + "/v1/hosts/host-1", null, ofHost2).status()).isEqualTo(403);
        assertThat(send("GET", fleet.url() + "/v1/tokens", null, ofHost2).status()).isEqualTo(403);
    }

    @Test
    void aHostDeletesAndPrunesForItsClientsAlone() throws Exception {
        Path tree = Files.createDirectories(scratch.resolve("passed-on"));
        String writer = spillway("token", "create", "deleter", "--role", "writer", "--namespaces", "passed-on").out().strip();
        assertThat(spillway("namespace", "set", "passed-on", "--max-entries", "10").exitCode()).isZero();
        String entry = fleet.workerUrl(2) + "/v1/directories/passed-on/entries/key";
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(send("PUT", entry, Map.of("sourceDir", tree.toString()), writer).status()).isEqualTo(200));
        String registered = fleet.url() + "/v1/namespaces/passed-on/entries/key";
        String prune = fleet.url() + "/v1/namespaces/passed-on/prune";
        assertThat(send("DELETE", registered, null, ofHost2).status()).as("for nobody").isEqualTo(403);
        assertThat(send("POST", prune, Map.of("maxEntries", 0), ofHost2).status()).as("for nobody").isEqualTo(403);
        assertThat(send("POST", fleet.url() + "/v1/plans/00000000-0000-0000-0000-000000000000/apply", null, ofHost2).status())
                .isEqualTo(403);
        assertThat(
                Http.send(
                        "POST",
                        prune,
                        Map.of("maxEntries", 0),
                        Map.of("Authorization", "Bearer " + ofHost2, "Spillway-Client-Token", writer)).status())
                .as("no operator")
                .isEqualTo(403);

        assertThat(send("DELETE", entry, null, writer).status()).isEqualTo(200);
        assertThat(actors()).containsExactly("client:deleter");

        assertThat(send("PUT", entry, Map.of("sourceDir", tree.toString()), writer).status()).isEqualTo(200);
        String pruned = fleet.workerUrl(2) + "/v1/directories/passed-on/prune";
        assertThat(send("POST", pruned, Map.of("maxEntries", 0), operator).status()).isEqualTo(200);
        assertThat(actors()).containsExactlyInAnyOrder("client:deleter", "client:ops");
    }

    private static List<String> actors() throws IOException, InterruptedException {
        List<String> actors = new ArrayList<>();
        send("GET", fleet.url() + "/v1/evictions?namespace=passed-on", null, operator).json()
                .path("items")
                .forEach(eviction -> actors.add(eviction.path("actor").asText()));
        return actors;
    }

    @Test
    void aTokenIsNowhereButWithWhoHasIt() throws Exception {
        assertThat(spillway("namespace", "set", "canary", "--max-entries", "1", "--backend", "artifact").exitCode()).isZero();
        Spillway.Ran made = spillway("token", "create", "canary", "--role", "writer", "--namespaces", "canary");
        String canary = made.out().strip();
        String never = AccessToken.mint(RANDOM);
        List<String> places = new ArrayList<>();
        for (String number : List.of("1", "2", "3")) {
            Eventually.holds(Eventually.HANG, () -> {
                Http.Answer put = send("PUT", fleet.workerUrl(1) + "/v1/artifacts/canary/" + "0".repeat(63) + number, "content", canary);
                places.add(put.text());
                assertThat(put.status()).isBetween(200, 201);
            });
        }
        for (String url : List.of(fleet.url(), fleet.workerUrl(1), fleet.workerUrl(2))) {
            for (String token : List.of(canary, never, operator)) {
                for (String path : List.of(
                        "/v1/nowhere",
                        "/v1/namespaces/others",
                        "/v1/tokens",
                        "/v1/artifacts/others/0",
                        "/v1/loggers/x?no=1")) {
                    places.add(send("GET", url + path, null, token).text());
                    places.add(send("POST", url + path, "x", token).text());
                    places.add(Http.send("GET", url + path, null, Map.of("Authorization", "Basic " + token)).text());
                }
            }
            places.add(send("GET", url + "/metrics", null, operator).text());
        }
        places.add(spillway("token", "ls").out());
        Http.Answer deleted = send("DELETE", fleet.workerUrl(1) + "/v1/artifacts/canary/" + "0".repeat(63) + "3", null, canary);
        assertThat(deleted.status()).as("passed on with its token").isBetween(200, 204);
        places.add("deleted " + deleted.text());
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(traces.spans()).as("the worker's deletion, and the coordinator's for it")
                        .filteredOn(span -> span.name().startsWith("DELETE"))
                        .extracting(OtlpReceiver.Received::service)
                        .contains("spillway-worker", "spillway-coordinator"));
        // Each put evicts one, until an order of these goes by Kafka. A single order may go with the heartbeat instead.
        Eventually.holds(Eventually.HANG, () -> {
            putAnother(canary);
            String records = records();
            assertThat(records).contains("canary", "spillway.orders", "spillway.evictions", "spillway.reports");
            places.add(records);
        });
        Path followed = scratch.resolve("events");
        try (SpillwayProcess _ = SpillwayProcess.start(
                followed,
                List.of("events", "--url", fleet.url(), "--token-file", scratch.resolve("operator").toString()))) {
            Eventually.holds(Eventually.HANG, () -> {
                // One more each time: a stream begins with what comes next.
                putAnother(canary);
                assertThat(Files.readString(followed)).contains("canary");
            });
            Process ps = new ProcessBuilder("ps", "axww", "-o", "args").start();
            String processes = new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(processes).contains("--token-file " + scratch.resolve("operator"));
            places.add(processes);
        }
        places.add(Files.readString(followed));
        places.add(stored());
        places.add(traces.spans().toString());
        String logged = String.join("\n", LOGGED);
        places.add(logged);
        assertThat(logged).contains("token canary of role WRITER is made by ops", "DEBUG com.zaxxer.hikari");
        List<String> secrets = new ArrayList<>(List.of(canary, never, operator));
        for (String file : List.of("host-1", "host-2", "peer")) {
            secrets.add(Files.readString(scratch.resolve(file)).strip());
        }
        assertThat(places).noneMatch(String::isEmpty);
        for (String key : messageKeys()) {
            assertThat(places.stream().filter(place -> place.contains(key)).map(place -> excerpt(place, key))).isEmpty();
        }
        for (String secret : secrets) {
            String random = secret.substring(secret.indexOf('_') + 1);
            assertThat(places.stream().filter(place -> place.contains(random)).map(place -> excerpt(place, random))).isEmpty();
        }
    }

    /** Returns the keys of the hosts' messages on Kafka. */
    private static List<String> messageKeys() throws SQLException {
        try (var connection = fleet.database();
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT secret FROM message_key")) {
            assertThat(row.next()).isTrue();
            byte[] secret = row.getBytes(1);
            return Stream.of("host-1", "host-2").map(host -> MessageKey.of(secret, new HostId(host)).reveal()).toList();
        }
    }

    private static void putAnother(String token) throws IOException, InterruptedException {
        int number = 4 + RANDOM.nextInt(Integer.MAX_VALUE - 4);
        send("PUT", fleet.workerUrl(1) + "/v1/artifacts/canary/%064x".formatted(number), "content", token);
    }

    private static String excerpt(String place, String found) {
        int at = place.indexOf(found);
        return place.substring(Math.max(0, at - 200), Math.min(place.length(), at + found.length() + 50));
    }

    /** Returns all records of the registry's topics as text, each behind the name of its topic. */
    private static String records() {
        StringBuilder all = new StringBuilder();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, fleet.kafkaServers()),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.listTopics()
                    .values()
                    .stream()
                    .flatMap(List::stream)
                    .filter(partition -> partition.topic().startsWith("spillway."))
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.getOrDefault(each, 0L))) {
                for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) {
                    all.append(each.topic()).append(' ').append(each.key()).append(' ').append(each.value()).append('\n');
                    each.headers().forEach(header -> all.append(new String(header.value(), StandardCharsets.UTF_8)).append('\n'));
                }
            }
        }
        return all.toString();
    }

    /** Returns the contents of all tables of the registry as text. */
    private static String stored() throws SQLException {
        StringBuilder all = new StringBuilder();
        try (var connection = fleet.database(); var statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet names = statement.executeQuery("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
                while (names.next()) {
                    tables.add(names.getString(1));
                }
            }
            assertThat(tables).contains("tokens");
            for (String table : tables) {
                try (ResultSet rows = statement.executeQuery("SELECT t::text FROM " + table + " t")) {
                    while (rows.next()) {
                        all.append(rows.getString(1));
                    }
                }
            }
        }
        return all.toString();
    }

    @Test
    void aTokensFileThatCannotBeReadIsRefusedWithItsLine() throws IOException {
        Path file = Files.writeString(scratch.resolve("bad"), "# none\nops operator 123\n");
        assertThat(
                Stream.of(
                        "ops operator 123",
                        "ops operator " + "0".repeat(64) + " host-1",
                        "w host " + "0".repeat(64),
                        "ops king " + "0".repeat(64)))
                .allSatisfy(line -> {
                    Files.writeString(file, "# none\n" + line + "\n");
                    org.assertj.core.api.Assertions.assertThatThrownBy(() -> TokensFile.read(file))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("line 2");
                });
    }
}
