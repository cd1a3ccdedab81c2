package dev.spillway.coordinator.app;

import dev.spillway.api.body.Loggers;
import dev.spillway.coordinator.Await;
import dev.spillway.service.logging.LogLevels;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** With all loggers at the lowest level, the log contains neither the database's password nor callers' credentials. */
class SecretsInLogTest {
    private static final String PASSWORD = "hush-hush-password";
    private static final String TOKEN = "hush-hush-token";

    @TempDir
    Path folder;

    @AfterEach
    void defaults() {
        Logging.apply(LogSettings.DEFAULT);
    }

    @Tag("full")
    @Test
    void noSecretIsWrittenAtAnyLevel() throws Exception {
        Path log = folder.resolve("coordinator.log");
        try (CoordinatorServers servers = new CoordinatorServers(folder.resolve("servers"))) {
            servers.execute(servers.postgres().jdbcUrl(), "CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '" + PASSWORD + "'");
            Logging.apply(LogSettings.DEFAULT, log);
            for (String name : List.of("dev.spillway", "com.zaxxer.hikari", "io.netty.bootstrap.ServerBootstrap")) {
                assertThat(LogLevels.set(name, null)).isPresent();
            }
            LogLevels.set("ROOT", Loggers.Level.TRACE);
            // The broker of this process would write a line for each step.
            LogLevels.set("kafka", Loggers.Level.INFO);
            LogLevels.set("org.apache.kafka", Loggers.Level.INFO);
            try (Coordinator coordinator =
                    Coordinator.start(servers.settings(Map.of("database-user", "keeper", "database-password", PASSWORD)));
                    HttpClient client = HttpClient.newHttpClient()) {
                for (String path : List.of("/v1/namespaces", "/v1/nothing", "/v1/hosts?nothing=x")) {
                    HttpResponse<Void> answer =
                            client.send(
                                    HttpRequest.newBuilder(URI.create("http://" + coordinator.address() + path))
                                            .timeout(Await.HANG)
                                            .header("Authorization", "Bearer " + TOKEN)
                                            .build(),
                                    BodyHandlers.discarding());
                    assertThat(answer.statusCode()).isIn(200, 400, 404);
                }
            }
        }
        List<String> lines = Files.readAllLines(log);
        assertThat(lines).as("the driver tells how it connects, and the pool its settings")
                .anyMatch(line -> line.contains(" TRACE ") && line.contains("StartupPacket(user=keeper"))
                .anyMatch(line -> line.contains(" DEBUG HikariConfig - password"));
        assertThat(lines).noneMatch(line -> line.contains(PASSWORD) || line.contains(TOKEN));
    }
}
