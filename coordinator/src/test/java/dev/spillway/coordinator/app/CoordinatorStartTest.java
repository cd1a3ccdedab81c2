package dev.spillway.coordinator.app;

import dev.spillway.coordinator.Await;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.UnusableServerException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A coordinator whose servers are not there when it starts, not yet, or are something else. */
class CoordinatorStartTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;

    @BeforeAll
    static void start() {
        servers = new CoordinatorServers(directory);
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    @Test
    void aServerThatIsNotThereInTimeIsNamed() throws Exception {
        int nobody = freePort();
        assertThatThrownBy(
                () -> Coordinator.start(servers.settings(Map.of("kafka-servers", "127.0.0.1:" + nobody, "startup-timeout", "1s"))))
                .isInstanceOf(DependencyUnavailableException.class)
                .hasMessageStartingWith("Kafka at 127.0.0.1:" + nobody + ": connection refused, given up after ")
                .hasMessageEndingWith(" attempts in 1 s");
        assertThatThrownBy(
                () -> Coordinator.start(
                        servers.settings(Map.of("database-url", "jdbc:postgresql://127.0.0.1:" + nobody + "/x", "startup-timeout", "1s"))))
                .isInstanceOf(DependencyUnavailableException.class)
                .hasMessageStartingWith("PostgreSQL at jdbc:postgresql://127.0.0.1:" + nobody + "/x: connection refused, given up after ");
    }

    @Test
    void eachServerThatIsNotThereInTimeIsNamed() throws Exception {
        int nobody = freePort();
        String url = "jdbc:postgresql://127.0.0.1:" + nobody + "/x";
        assertThatThrownBy(
                () -> Coordinator.start(
                        servers.settings(Map.of("kafka-servers", "127.0.0.1:" + nobody, "database-url", url, "startup-timeout", "1s"))))
                .isInstanceOf(DependencyUnavailableException.class)
                .hasMessageMatching(
                        Pattern.quote("PostgreSQL at " + url + ": connection refused") + ", given up after \\d+ attempts? in 1 s; "
                                + Pattern.quote("Kafka at 127.0.0.1:" + nobody + ": connection refused")
                                + ", given up after \\d+ attempts? in 1 s");
    }

    @Test
    void whatIsADatabaseOfSomethingElseIsRefusedAtOnceAndIsNoDefect() throws Exception {
        String url = servers.postgres().jdbcUrl("library");
        servers.execute(servers.postgres().jdbcUrl(), "CREATE DATABASE library");
        servers.execute(url, "CREATE TABLE books (title text)");
        assertThatThrownBy(() -> Coordinator.start(servers.settings(Map.of("database-url", url))))
                .isInstanceOf(UnusableServerException.class)
                .hasMessageStartingWith("schema of " + url + ": ");
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
        String another = servers.postgres().jdbcUrl("another");
        assertGivenUp(
                Map.of("database-password", "wrong"),
                servers.postgres().jdbcUrl(),
                "authentication failed, user " + servers.postgres().user() + " with this password was refused");
        assertGivenUp(Map.of("database-url", another), another, "the database does not exist");
        assertGivenUp(Map.of("database-url", "jdbc:postgresql://db.invalid/x"), "jdbc:postgresql://db.invalid/x", "unknown host name");
    }

    @Test
    void aDatabaseMayBeMadeLaterThanTheCoordinator() throws Exception {
        String late = servers.postgres().jdbcUrl("made_later");
        var starting = new CompletableFuture<Coordinator>();
        CoordinatorSettings patient = servers.settings(Map.of("database-url", late));
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
            Await.until(
                    "said what is missing",
                    () -> log.toString(StandardCharsets.UTF_8)
                            .contains("PostgreSQL at " + late + ": the database does not exist, attempt 1"));
            assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain(servers.postgres().password());
        } finally {
            System.setErr(before);
        }
        servers.execute(servers.postgres().jdbcUrl(), "CREATE DATABASE made_later");
        try (Coordinator started = starting.get()) {
            assertThat(new CoordinatorClient(started.address()).unready()).isEmpty();
        }
    }

    @Test
    void aServerMayComeLaterThanTheCoordinator() throws Exception {
        int port = freePort();
        var starting = new CompletableFuture<Coordinator>();
        CoordinatorSettings patient = servers.settings(Map.of("kafka-servers", "127.0.0.1:" + port));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                starting.complete(Coordinator.start(patient));
            } catch (Exception e) {
                starting.completeExceptionally(e);
            }
        });
        try (KafkaBroker late = KafkaBroker.start(EmbeddedKafkaSettings.temporary().withPort(port));
                Coordinator started = starting.get()) {
            assertThat(late.port()).isEqualTo(port);
            assertThat(new CoordinatorClient(started.address()).unready()).isEmpty();
        }
    }

    @Test
    void anAddressInUseIsNamedAndNothingIsLeft() throws Exception {
        try (Coordinator first = servers.coordinator()) {
            String address = first.address().toString();
            assertThatThrownBy(() -> Coordinator.start(servers.settings(Map.of("listen", address)))).hasMessageContaining(address);
            assertThat(new CoordinatorClient(first.address()).unready()).isEmpty();
        }
    }

    private static void assertGivenUp(Map<String, String> wrong, String url, String why) {
        Map<String, String> settings = new HashMap<>(wrong);
        settings.put("startup-timeout", "0s");
        assertThatThrownBy(() -> Coordinator.start(servers.settings(settings))).isInstanceOf(DependencyUnavailableException.class)
                .hasMessage("PostgreSQL at " + url + ": " + why + ", given up after 1 attempt");
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
