package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.testservers.RecoveryTimes;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The fleet of docker-compose.yml, with its servers killed, paused and restarted. */
@Tag("full")
class ComposeTest {
    @TempDir
    private static Path scratch;
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static @Nullable ComposeFleet made;

    @BeforeAll
    static void bringUp() throws Exception {
        made = new ComposeFleet("spillway-test", scratch, List.of());
        made.up();
    }

    @AfterAll
    static void tearDown() throws Exception {
        if (made != null) {
            made.close();
        }
    }

    private static ComposeFleet fleet() {
        return Objects.requireNonNull(made, "brought up");
    }

    private static String coordinator(int number) {
        return "http://" + fleet().coordinator(number);
    }

    private static String worker(int number) {
        return "http://" + fleet().worker(number);
    }

    private static Http.Answer ask(String method, String url, @Nullable Object body)
            throws IOException, InterruptedException {
        return Http.send(method, url, body, Map.of("Authorization", "Bearer " + fleet().operator()));
    }

    /** Puts a tree of one file as a tar, and returns what was answered. */
    private static HttpResponse<String> put(int host, String key) throws IOException, InterruptedException {
        Path tree = Files.createDirectories(scratch.resolve("tree-" + key));
        Files.writeString(tree.resolve("file"), key);
        Path tar = scratch.resolve(key + ".tar");
        assertThat(fleet().run("tar", "-cf", tar.toString(), "-C", tree.toString(), "file").exitCode()).isZero();
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(worker(host) + "/v1/directories/trees/entries/" + key))
                        .header("Authorization", "Bearer " + fleet().operator())
                        .header("Content-Type", "application/x-tar")
                        .timeout(Duration.ofMinutes(2))
                        .PUT(BodyPublishers.ofFile(tar))
                        .build(),
                BodyHandlers.ofString());
    }

    private static void stored(int host, String key) {
        Eventually.holds(ComposeFleet.PATIENCE, () -> {
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
        Eventually.holds(ComposeFleet.PATIENCE, () -> {
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
        settings.putAll(
                Map.of(
                        "bootstrap.servers",
                        fleet().kafka(),
                        "group.id",
                        "outside",
                        "auto.offset.reset",
                        "earliest",
                        "key.deserializer",
                        ByteArrayDeserializer.class.getName(),
                        "value.deserializer",
                        ByteArrayDeserializer.class.getName()));
        int facts = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(List.of("spillway.evictions"));
            long deadline = System.nanoTime() + ComposeFleet.PATIENCE.toNanos();
            while (facts == 0 && System.nanoTime() < deadline) {
                facts += consumer.poll(Duration.ofSeconds(1)).count();
            }
        }
        return facts;
    }

    /** {@code -Dspillway.ups=20} brings the fleet up so often. */
    @Test
    @EnabledIfSystemProperty(named = "spillway.ups", matches = "[1-9][0-9]*")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void theFleetComesUpWithFreshVolumesEveryTime() throws Exception {
        List<Double> seconds = new ArrayList<>();
        for (int time = 0; time < Integer.getInteger("spillway.ups"); time++) {
            assertThat(fleet().compose("down", "--volumes").exitCode()).isZero();
            long begin = System.nanoTime();
            fleet().up();
            seconds.add((System.nanoTime() - begin) / 1e9);
        }
        seconds.sort(null);
        System.out.printf(
                "%d times up, with the median after %.1f s and the last after %.1f s%n",
                seconds.size(),
                seconds.get(seconds.size() / 2),
                seconds.getLast());
    }

    @Test
    void theFleetConvergesWhateverIsKilledPausedOrRestartedAndIsTheSameAfterDownAndUp() throws Exception {
        assertThat(Http.get(coordinator(1) + "/v1/hosts").status()).as("without a token").isEqualTo(401);
        assertThat(ask("PUT", coordinator(1) + "/v1/namespaces/trees", Map.of("maxEntries", 3)).status()).isEqualTo(200);
        // A single order may go with the heartbeat instead.
        AtomicInteger early = new AtomicInteger();
        Eventually.holds(ComposeFleet.PATIENCE, () -> {
            stored(2, "early-" + early.incrementAndGet());
            assertThat(ordersReadFromKafka(2)).isPositive();
        });
        for (int number = 1; number <= 4; number++) {
            stored(1 + number % 3, "first-" + number);
        }
        assertThat(converged()).containsExactly("first-2", "first-3", "first-4");
        assertThat(factsFromOutside()).isPositive();

        assertThat(fleet().compose("kill", "coordinator-1").exitCode()).isZero();
        assertThat(fleet().compose("kill", "worker-3").exitCode()).isZero();
        // Evicts first-2, whose host is gone.
        RecoveryTimes.timed("a coordinator and a worker are killed | another worker stores a put", () -> stored(1, "killed"));
        Eventually.holds(ComposeFleet.PATIENCE, () -> {
            JsonNode open = ask("GET", coordinator(2) + "/v1/evictions?state=open", null).json().get("items");
            assertThat(open).hasSize(1);
            assertThat(open.get(0).get("key").asText()).isEqualTo("first-2");
        });
        RecoveryTimes.timed(
                "the two are started again, with their containers | all are ready, and the order that waited is carried out",
                () -> {
                    fleet().up();
                    assertThat(converged()).containsExactly("first-3", "first-4", "killed");
                });

        assertThat(fleet().compose("pause", "kafka").exitCode()).isZero();
        stored(2, "paused");
        RecoveryTimes.timed(
                "Kafka is paused, and a put evicts | the image is deleted, by an order in a heartbeat",
                () -> assertThat(converged())
                        .containsExactly("first-4", "killed", "paused"));
        assertThat(fleet().compose("unpause", "kafka").exitCode()).isZero();

        assertThat(fleet().compose("restart", "postgres").exitCode()).isZero();
        RecoveryTimes.timed("PostgreSQL is restarted | a put is stored", () -> stored(3, "restarted"));
        Set<String> last = converged();
        assertThat(last).containsExactly("killed", "paused", "restarted");

        String registry = ask("GET", coordinator(2) + "/v1/registry", null).json().get("id").asText();
        assertThat(fleet().compose("down").exitCode()).isZero();
        fleet().up();
        assertThat(ask("GET", coordinator(1) + "/v1/registry", null).json().get("id").asText()).isEqualTo(registry);
        assertThat(converged()).isEqualTo(last);
        assertThat(fleet().compose("logs").said()).as("no token in any log").doesNotContain(fleet().operator());
    }
}
