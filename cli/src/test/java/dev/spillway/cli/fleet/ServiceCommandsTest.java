package dev.spillway.cli.fleet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code spillway coordinator} and {@code spillway worker} as processes that are told wrong things, or find nobody. */
class ServiceCommandsTest {
    private static final Duration END = Duration.ofSeconds(60);

    @TempDir
    Path scratch;

    @Test
    void everythingThatIsWrongWithTheSettingsIsListedAtOnce() throws IOException, InterruptedException {
        Path file = Files.writeString(scratch.resolve("coordinator.properties"), "heartbeat=quickly\ncolour=green\n");
        try (SpillwayProcess coordinator = SpillwayProcess.start(scratch.resolve("log"),
                List.of("coordinator", "--listen", "nowhere", "--host-timeout=1s", "--orders-partition", "4", "--config",
                        file.toString()))) {
            assertThat(coordinator.awaitEnd(END)).isEqualTo(2);
            assertThat(coordinator.text()).contains("listen: nowhere (expected: ")
                    .contains("--orders-partition: unknown (expected: perhaps --orders-partitions), from the command line")
                    .contains("heartbeat: quickly (expected: a duration")
                    .contains("colour: unknown")
                    .contains("database-url: missing")
                    .contains("kafka-servers: missing")
                    .doesNotContain("ready")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aWorkerWithoutAnIdDoesNotStart() throws IOException, InterruptedException {
        try (SpillwayProcess worker =
                SpillwayProcess.start(scratch.resolve("log"), List.of("worker", "--host-id", "Host 1", "--allowed-sources", "here"))) {
            assertThat(worker.awaitEnd(END)).isEqualTo(2);
            assertThat(worker.text()).contains("host-id: Host 1 (expected: ").contains("data: missing").contains("allowed-sources: here");
        }
    }

    @Test
    void aServerThatDoesNotComeUpInTimeIsNamedWithItsAddress() throws IOException, InterruptedException {
        List<Integer> ports = Ports.free(2);
        String database = "127.0.0.1:" + ports.getFirst();
        try (SpillwayProcess coordinator = SpillwayProcess.start(scratch.resolve("log"),
                List.of("coordinator", "--listen", "127.0.0.1:0", "--database-url", "jdbc:postgresql://" + database + "/spillway",
                        "--database-user", "spillway", "--database-password", "hush-hush", "--kafka-servers", "127.0.0.1:" + ports.get(1),
                        "--startup-timeout", "2s"))) {
            assertThat(coordinator.awaitEnd(END)).as(coordinator.text()).isEqualTo(4);
            assertThat(coordinator.text()).containsPattern("(?m)^coordinator: (PostgreSQL|Kafka) at .*127.0.0.1:.* not reachable in PT2S")
                    .doesNotContain("\tat ")
                    .doesNotContain("hush-hush")
                    .doesNotContain("\nready");
        }
    }

    @Test
    void aBusyPortIsNamed() throws IOException, InterruptedException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SpillwayProcess worker = SpillwayProcess.start(scratch.resolve("log"),
                        List.of("worker", "--host-id", "host-1", "--data", scratch.resolve("store").toString(), "--listen",
                                "127.0.0.1:" + taken.getLocalPort(), "--kafka-servers", "127.0.0.1:" + Ports.free(1).getFirst()))) {
            assertThat(worker.awaitEnd(END)).as(worker.text()).isEqualTo(1);
            assertThat(worker.text()).contains("listen: 127.0.0.1:" + taken.getLocalPort() + ": already in use");
        }
    }
}
