package dev.spillway.coordinator.app;

import dev.spillway.api.body.Entries;
import dev.spillway.coordinator.Await;
import dev.spillway.testservers.RecoveryTimes;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Callers over HTTP when the coordinator's connections, or PostgreSQL's own, are all taken. */
@Tag("full")
@Timeout(600)
class FullPoolTest {
    private static final int CONNECTIONS = 4;

    @TempDir
    static Path directory;

    private static CoordinatorServers servers;
    private static Coordinator coordinator;

    private CoordinatorClient client;

    @BeforeAll
    static void start() throws Exception {
        servers = new CoordinatorServers(directory);
        coordinator = Coordinator.start(servers.settings(Map.of("database-connections", Integer.toString(CONNECTIONS))));
    }

    @BeforeEach
    void meet() throws Exception {
        client = new CoordinatorClient(coordinator.address());
        Await.until("all is ready", () -> client.unready().isEmpty());
    }

    @AfterAll
    static void stop() {
        coordinator.close();
        servers.close();
    }

    @Test
    void whoFindsThePoolTakenIsToldToComeBackAndHoldsNobodyUp() throws Exception {
        client.namespace(5);
        client.put("a", Entries.Stored.class);
        var slow = new CoordinatorClient(coordinator.address());
        slow.namespace(5);
        slow.put("a", Entries.Stored.class);
        String clean = "/v1/namespaces/" + slow.namespace + "/clean";
        String confirmed = "{\"confirm\":\"" + slow.namespace + "\"}";
        var host = client.join();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                Connection other = servers.connection(servers.postgres().jdbcUrl());
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM namespaces WHERE name = '" + slow.namespace + "' FOR UPDATE");
            List<Future<HttpResponse<String>>> waiting = new ArrayList<>();
            for (int caller = 0; caller < 10 * CONNECTIONS; caller++) {
                waiting.add(threads.submit(() -> slow.request("POST", clean, confirmed)));
            }
            // Each caller waits for a connection up to its time limit. The row is freed only after the last of them was refused.
            Await.until("most were sent back", () -> waiting.stream().filter(Future::isDone).count() >= 8 * CONNECTIONS);
            client.put("b", Entries.Stored.class);
            assertThat(client.request("GET", "/v1/namespaces/" + client.namespace + "/entries/a", "").statusCode()).isEqualTo(200);
            client.heartbeat(host);
            other.rollback();
            List<HttpResponse<String>> answers = new ArrayList<>();
            for (Future<HttpResponse<String>> one : waiting) {
                answers.add(one.get());
            }
            assertThat(answers).allSatisfy(answer -> assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503))
                    .anySatisfy(answer -> assertThat(answer.statusCode()).isEqualTo(200));
            assertThat(answers.stream().filter(answer -> answer.statusCode() == 503)).hasSizeGreaterThanOrEqualTo(8 * CONNECTIONS)
                    .allSatisfy(answer -> {
                        assertThat(answer.headers().firstValue("Retry-After")).as(answer.body()).isPresent();
                        assertThat(answer.body()).contains("registry-busy").doesNotContain("Exception");
                    });
        }
        assertThat(slow.request("POST", clean, confirmed).statusCode()).isEqualTo(200);
    }

    @Test
    void aServerWithNoConnectionLeftIsNamedAndTheCoordinatorHealsByItself() throws Exception {
        client.namespace(5);
        client.put("a", Entries.Stored.class);
        List<Connection> taken = new ArrayList<>();
        try {
            Connection first = servers.connection(servers.postgres().jdbcUrl());
            taken.add(first);
            try (Statement statement = first.createStatement()) {
                // A connection that the coordinator is just opening has no name yet and is not listed, so this repeats until none is added.
                Await.until("others take all connections of the server, and readiness names it", () -> {
                    statement.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spillway-coordinator'");
                    takeAll(taken);
                    return client.unready().contains("postgresql");
                });
            }
            // The pool reports the server's reason to one waiting caller, and a timeout to the others.
            assertThat(client.tree(coordinator.address(), "/readyz").path("parts").toString())
                    .containsAnyOf("too many connections are open there", "Connection is not available", "terminating connection");
            HttpResponse<String> refused =
                    client.request("PUT", "/v1/namespaces/" + client.namespace + "/entries/b", "{\"snapshotId\":\"s-b\"}");
            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            assertThat(client.request("GET", "/livez", "").statusCode()).isEqualTo(200);
        } finally {
            for (Connection one : taken) {
                one.close();
            }
        }
        RecoveryTimes.timed(
                "PostgreSQL has no connection left, and then has | the coordinator is ready",
                () -> Await.until("it heals by itself", () -> client.unready().isEmpty()));
        client.put("b", Entries.Stored.class);
        assertThat(client.request("GET", "/v1/namespaces/" + client.namespace + "/entries/a", "").statusCode()).isEqualTo(200);
    }

    private static void takeAll(List<Connection> taken) throws SQLException {
        while (true) {
            try {
                taken.add(servers.connection(servers.postgres().jdbcUrl()));
            } catch (SQLException e) {
                // SQLSTATE of a server that has no connection left.
                if (!"53300".equals(e.getSQLState())) {
                    throw e;
                }
                return;
            }
        }
    }
}
