package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/** The fleet of docker-compose.yml, with its servers killed, paused and restarted. Needs Docker with compose, and the jars of ./spillway. */
@Tag("full")
class ComposeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<Integer> PORTS = Ports.free(6);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @TempDir
    private static Path scratch;
    private static String operator = "";
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private record Ended(int exitCode, String said) {}

    @BeforeAll
    static void bringUp() throws Exception {
        assumeThat(answers("docker", "compose", "version")).as("docker compose is not here").isTrue();
        assumeThat(answers("docker", "info")).as("no container engine answers").isTrue();
        assumeThat(ROOT.resolve("dev/target/lib")).as("./spillway --version builds what the image needs").isDirectory();
        assertThat(run("config/container/make-secrets", scratch.resolve("secrets").toString(), "3").exitCode()).isZero();
        operator = Files.readString(scratch.resolve("secrets/operator-token")).strip();
        Ended built = compose("build", "--quiet");
        assertThat(built.exitCode()).as(built.said()).isZero();
        up();
    }

    @AfterAll
    static void tearDown() throws Exception {
        if (!operator.isEmpty()) {
            compose("down", "--volumes", "--timeout", "5");
        }
    }

    private static void up() throws Exception {
        Ended up = compose("up", "--detach", "--wait", "--wait-timeout", "600", "--pull", "never");
        assertThat(up.exitCode()).as(() -> up.said() + logs()).isZero();
    }

    private static String logs() {
        try {
            return compose("logs", "--tail", "20").said();
        } catch (IOException | InterruptedException e) {
            return e.toString();
        }
    }

    private static boolean answers(String... command) throws InterruptedException {
        try {
            return run(command).exitCode() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static Ended compose(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("docker", "compose", "--project-name", "spillway-test", "--progress", "quiet"));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private static Ended run(String... command) throws IOException, InterruptedException {
        ProcessBuilder process = new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true);
        Map<String, String> environment = process.environment();
        environment.put("SPILLWAY_SECRETS", scratch.resolve("secrets").toString());
        int port = 0;
        for (String name : List.of("COORDINATOR_1", "COORDINATOR_2", "WORKER_1", "WORKER_2", "WORKER_3", "KAFKA")) {
            environment.put("SPILLWAY_" + name + "_PORT", PORTS.get(port++).toString());
        }
        Process running = process.start();
        running.getOutputStream().close();
        String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(running.waitFor(PATIENCE.toMinutes(), TimeUnit.MINUTES)).as(said).isTrue();
        return new Ended(running.exitValue(), said);
    }

    private static String coordinator(int number) {
        return "http://127.0.0.1:" + PORTS.get(number - 1);
    }

    private static String worker(int number) {
        return "http://127.0.0.1:" + PORTS.get(1 + number);
    }

    private static Http.Answer ask(String method, String url, @org.jspecify.annotations.Nullable Object body)
            throws IOException, InterruptedException {
        return Http.send(method, url, body, Map.of("Authorization", "Bearer " + operator));
    }

    /** Puts a tree of one file as a tar, and returns what was answered. */
    private static HttpResponse<String> put(int host, String key) throws IOException, InterruptedException {
        Path tree = Files.createDirectories(scratch.resolve("tree-" + key));
        Files.writeString(tree.resolve("file"), key);
        Path tar = scratch.resolve(key + ".tar");
        assertThat(run("tar", "-cf", tar.toString(), "-C", tree.toString(), "file").exitCode()).isZero();
        return CLIENT.send(HttpRequest.newBuilder(URI.create(worker(host) + "/v1/directories/trees/entries/" + key))
                .header("Authorization", "Bearer " + operator)
                .header("Content-Type", "application/x-tar")
                .timeout(Duration.ofMinutes(2))
                .PUT(BodyPublishers.ofFile(tar))
                .build(), BodyHandlers.ofString());
    }

    private static void stored(int host, String key) {
        Eventually.holds(PATIENCE, () -> {
            HttpResponse<String> answer = put(host, key);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        });
    }

    private static Set<String> keys(String url) throws IOException, InterruptedException {
        Http.Answer answer = ask("GET", url, null);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        Set<String> keys = new TreeSet<>();
        answer.json().get("items").forEach(item -> keys.add(item.get("key").asText()));
        return keys;
    }

    /** Waits until no deletion is open and the hosts together hold what the registry knows, and returns that. */
    private static Set<String> converged() {
        Set<String> registered = new TreeSet<>();
        Eventually.holds(PATIENCE, () -> {
            Http.Answer open = ask("GET", coordinator(2) + "/v1/evictions?state=open", null);
            assertThat(open.json().get("items")).as(open.text()).isEmpty();
            registered.clear();
            registered.addAll(keys(coordinator(2) + "/v1/namespaces/trees/entries"));
            Set<String> held = new TreeSet<>();
            for (int host = 1; host <= 3; host++) {
                held.addAll(keys(worker(host) + "/v1/directories/trees/entries"));
            }
            assertThat(held).isEqualTo(registered);
        });
        return registered;
    }

    private static long ordersReadFromKafka(int host) throws IOException, InterruptedException {
        return ask("GET", worker(host) + "/metrics", null).text()
                .lines()
                .filter(line -> line.startsWith("spillway_orders_read_total"))
                .mapToLong(line -> (long) Double.parseDouble(line.replaceFirst(".* ", "")))
                .sum();
    }

    /** Reads the eviction facts from outside of the containers' network. */
    private static int factsFromOutside() {
        Properties settings = new Properties();
        settings.putAll(Map.of("bootstrap.servers", "127.0.0.1:" + PORTS.get(5), "group.id", "outside", "auto.offset.reset", "earliest",
                "key.deserializer", ByteArrayDeserializer.class.getName(), "value.deserializer", ByteArrayDeserializer.class.getName()));
        int facts = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(List.of("spillway.evictions"));
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (facts == 0 && System.nanoTime() < deadline) {
                facts += consumer.poll(Duration.ofSeconds(1)).count();
            }
        }
        return facts;
    }

    @Test
    void theFleetConvergesWhateverIsKilledPausedOrRestartedAndIsTheSameAfterDownAndUp() throws Exception {
        assertThat(Http.get(coordinator(1) + "/v1/hosts").status()).as("without a token").isEqualTo(401);
        assertThat(ask("PUT", coordinator(1) + "/v1/namespaces/trees", Map.of("maxEntries", 3)).status()).isEqualTo(200);
        for (int number = 1; number <= 4; number++) {
            stored(1 + number % 3, "first-" + number);
        }
        assertThat(converged()).containsExactly("first-2", "first-3", "first-4");
        assertThat(ordersReadFromKafka(2)).as("the order to the host of first-1, by Kafka").isPositive();
        assertThat(factsFromOutside()).isPositive();

        assertThat(compose("kill", "coordinator-1").exitCode()).isZero();
        assertThat(compose("kill", "worker-3").exitCode()).isZero();
        // Evicts first-2, whose host is gone.
        stored(1, "killed");
        Eventually.holds(PATIENCE, () -> {
            JsonNode open = ask("GET", coordinator(2) + "/v1/evictions?state=open", null).json().get("items");
            assertThat(open).hasSize(1);
            assertThat(open.get(0).get("key").asText()).isEqualTo("first-2");
        });
        up();
        assertThat(converged()).containsExactly("first-3", "first-4", "killed");

        assertThat(compose("pause", "kafka").exitCode()).isZero();
        stored(2, "paused");
        // By heartbeat.
        assertThat(converged()).containsExactly("first-4", "killed", "paused");
        assertThat(compose("unpause", "kafka").exitCode()).isZero();

        assertThat(compose("restart", "postgres").exitCode()).isZero();
        stored(3, "restarted");
        Set<String> last = converged();
        assertThat(last).containsExactly("killed", "paused", "restarted");

        String registry = ask("GET", coordinator(2) + "/v1/registry", null).json().get("id").asText();
        assertThat(compose("down").exitCode()).isZero();
        up();
        assertThat(ask("GET", coordinator(1) + "/v1/registry", null).json().get("id").asText()).isEqualTo(registry);
        assertThat(converged()).isEqualTo(last);
        assertThat(compose("logs").said()).as("no token in any log").doesNotContain(operator);
    }
}
