package dev.spillway.dev.fleet;

import dev.spillway.events.codec.Json;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code spillway coordinator} and {@code spillway worker} as processes that are told wrong things, or find nobody. */
class ServiceCommandsTest {

    @TempDir
    Path scratch;

    @Test
    void everythingThatIsWrongWithTheSettingsIsListedAtOnce() throws IOException, InterruptedException {
        Path file = Files.writeString(scratch.resolve("coordinator.properties"), "heartbeat=quickly\ncolour=green\n");
        try (SpillwayProcess coordinator = SpillwayProcess.start(
                scratch.resolve("log"),
                List.of(
                        "coordinator",
                        "--listen",
                        "nowhere",
                        "--host-timeout=1s",
                        "--orders-partition",
                        "4",
                        "--log-format",
                        "xml",
                        "--config",
                        file.toString()))) {
            assertThat(coordinator.awaitEnd(Eventually.HANG)).isEqualTo(2);
            assertThat(coordinator.text()).contains("listen: nowhere (expected: ")
                    .contains("--orders-partition: unknown (expected: perhaps --orders-partitions), from the command line")
                    .contains("heartbeat: quickly (expected: a duration")
                    .contains("colour: unknown")
                    .contains("log-format: xml (expected: one of text, json)")
                    .contains("database-url: missing")
                    .contains("kafka-servers: missing")
                    .doesNotContain("ready")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void filesOfSecurityThatAreNoneEndTheProcessWithoutTheirContent() throws IOException, InterruptedException {
        Path words = Files.writeString(scratch.resolve("words"), "hush-hush\n");
        Path tokens = Files.writeString(scratch.resolve("tokens"), "ops operator hush-hush\n");
        try (SpillwayProcess coordinator = SpillwayProcess.start(
                scratch.resolve("log"),
                List.of(
                        "coordinator",
                        "--tls-certificate",
                        words.toString(),
                        "--tls-key",
                        scratch.resolve("nowhere").toString(),
                        "--tls-client-ca",
                        words.toString(),
                        "--tokens-file",
                        tokens.toString()))) {
            assertThat(coordinator.awaitEnd(Eventually.HANG)).isEqualTo(2);
            assertThat(coordinator.text())
                    .contains(
                            "tls-certificate: " + words,
                            "tls-key: " + scratch.resolve("nowhere"),
                            "tls-client-ca: " + words,
                            "tokens-file: " + tokens)
                    .doesNotContain("hush-hush")
                    .doesNotContain("ready")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void theConfigurationIsPrintedWithTheOriginOfEachValueAndNothingStarts() throws IOException, InterruptedException {
        Path file = Files.writeString(
                scratch.resolve("coordinator.properties"),
                "# of one coordinator\ndatabase-url=jdbc:postgresql://db.example/spillway\nheartbeat=3s\ngrace=2m\n");
        Path password = Files.writeString(scratch.resolve("password"), "hush-hush\n");
        Map<String, String> environment = Map.of(
                "SPILLWAY_CONFIG",
                file.toString(),
                "SPILLWAY_DATABASE_PASSWORD_FILE",
                password.toString(),
                "SPILLWAY_HEARTBEAT",
                "4s",
                "SPILLWAY_DATABASE_USER",
                "spillway",
                "SPILLWAY_GRACE",
                "3m");
        List<String> arguments = List.of("coordinator", "--kafka-servers", "kafka.example:9092", "--print-config", "--grace=4m");
        try (SpillwayProcess coordinator = SpillwayProcess.start(scratch.resolve("log"), arguments, Map.of(), environment)) {
            assertThat(coordinator.awaitEnd(Eventually.HANG)).as(coordinator.text()).isZero();
            assertThat(coordinator.text().lines().map(line -> line.replaceAll(" +", " ")))
                    .contains(
                            "listen = 127.0.0.1:7070 (default)",
                            "database-url = jdbc:postgresql://db.example/spillway (from " + file + ":2)",
                            "database-user = spillway (from SPILLWAY_DATABASE_USER)",
                            "database-password = *** (from " + password + ")",
                            "heartbeat = PT4S (from SPILLWAY_HEARTBEAT)",
                            "grace = PT4M (from the command line)")
                    .allMatch(line -> line.matches("[a-z0-9-]+ = .* \\((default|from .*)\\)"));
        }
    }

    @Test
    void aConfigurationThatIsWrongIsNotPrinted() throws IOException, InterruptedException {
        try (SpillwayProcess worker = SpillwayProcess.start(
                scratch.resolve("log"),
                List.of("worker", "--print-config", "--data=/data", "--host-ids=host-1"),
                Map.of(),
                Map.of())) {
            assertThat(worker.awaitEnd(Eventually.HANG)).as(worker.text()).isEqualTo(2);
            assertThat(worker.text().lines()).containsExactly(
                    "worker: --host-ids: unknown (expected: perhaps --host-id), from the command line",
                    "worker: host-id: missing (expected: lower-case letters, digits, dots and dashes, such as host-1), give --host-id or SPILLWAY_HOST_ID",
                    "worker: kafka-servers: missing (expected: a list, separated by commas, of: host:port such as 127.0.0.1:7070, at least one), give --kafka-servers or SPILLWAY_KAFKA_SERVERS");
        }
    }

    @Tag("full")
    @Test
    void aWorkerWithoutAnIdDoesNotStart() throws IOException, InterruptedException {
        try (SpillwayProcess worker =
                SpillwayProcess.start(scratch.resolve("log"), List.of("worker", "--host-id", "Host 1", "--allowed-sources", "here"))) {
            assertThat(worker.awaitEnd(Eventually.HANG)).isEqualTo(2);
            assertThat(worker.text()).contains("host-id: Host 1 (expected: ").contains("data: missing").contains("allowed-sources: here");
        }
    }

    @Test
    void aServerThatDoesNotComeUpInTimeIsNamedWithItsAddress() throws IOException, InterruptedException {
        List<Integer> ports = Ports.free(2);
        String database = "127.0.0.1:" + ports.getFirst();
        try (SpillwayProcess coordinator = SpillwayProcess.start(
                scratch.resolve("log"),
                List.of(
                        "coordinator",
                        "--listen",
                        "127.0.0.1:0",
                        "--database-url",
                        "jdbc:postgresql://" + database + "/spillway",
                        "--database-user",
                        "spillway",
                        "--database-password",
                        "hush-hush",
                        "--kafka-servers",
                        "127.0.0.1:" + ports.get(1),
                        "--startup-timeout",
                        "2s"))) {
            assertThat(coordinator.awaitEnd(Eventually.HANG)).as(coordinator.text()).isEqualTo(4);
            assertThat(coordinator.text())
                    .containsOnlyOnce("\ncoordinator: ")
                    .containsPattern(
                            "(?m)^coordinator: PostgreSQL at .*127.0.0.1:.*: connection refused, given up after [0-9]+ attempts in 2 s; "
                                    + "Kafka at 127.0.0.1:.*: connection refused, given up after [0-9]+ attempts in 2 s$")
                    .containsPattern(
                            "(?m) WARN .*PostgreSQL at jdbc:postgresql://" + database + "/spillway: connection refused, attempt 2, trying ")
                    .containsPattern("(?m) WARN .*Kafka at 127.0.0.1:" + ports.get(1) + ": connection refused, attempt 2, trying ")
                    .doesNotContain("\tat ")
                    .doesNotContain("Exception")
                    .doesNotContain("while stopping")
                    .doesNotContain("hush-hush")
                    .doesNotContain("\nready");
        }
    }

    @Test
    void variablesOfTheOtherServiceAndOfTheClientAreLeftAlone() throws IOException, InterruptedException {
        Map<String, String> environment = Map.of(
                "SPILLWAY_DATABASE_PASSWORD",
                "hush-hush",
                "SPILLWAY_DATABASE_URL",
                "x",
                "SPILLWAY_URL",
                "127.0.0.1:1",
                "SPILLWAY_WORKER",
                "host-1",
                "SPILLWAY_PUTS_AT_ONC",
                "1",
                "SPILLWAY_HOST_ID",
                "host-1");
        try (SpillwayProcess worker = SpillwayProcess.start(
                scratch.resolve("log"),
                List.of("worker", "--kafka-servers", "127.0.0.1:1", "--database-url", "x"),
                Map.of(),
                environment)) {
            assertThat(worker.awaitEnd(Eventually.HANG)).as(worker.text()).isEqualTo(2);
            assertThat(worker.text().lines()).containsExactlyInAnyOrder(
                    "worker: SPILLWAY_PUTS_AT_ONC: unknown (expected: perhaps SPILLWAY_PUTS_AT_ONCE), from the environment",
                    "worker: --database-url: unknown (expected: a known setting, see --help), from the command line",
                    "worker: data: missing (expected: a path), give --data or SPILLWAY_DATA");
        }
    }

    @Test
    void theLogOfAServiceIsJsonWhereThatIsAskedForAndItsLevelChangesWhileItRuns() throws IOException, InterruptedException {
        List<Integer> ports = Ports.free(2);
        List<String> arguments = worker(
                scratch.resolve("store"),
                "127.0.0.1:0",
                "--kafka-servers",
                "127.0.0.1:" + ports.getFirst(),
                "--coordinators",
                "127.0.0.1:" + ports.getLast(),
                "--startup-timeout",
                "10m",
                "--log-level",
                "error");
        try (SpillwayProcess worker =
                SpillwayProcess.start(scratch.resolve("log"), arguments, Map.of(), Map.of("SPILLWAY_LOG_FORMAT", "json"))) {
            worker.awaitLine("listening: worker host-1 on http://", 1, Eventually.HANG);
            assertThat(worker.text()).doesNotContain("\"level\"");
            String listening = worker.text().lines().filter(line -> line.startsWith("listening: ")).findFirst().orElseThrow();
            String address = listening.substring(listening.indexOf("http://"));
            Spillway.Ran changed = Spillway.run("log-level", "dev.spillway", "info", "--worker", address);
            assertThat(changed.exitCode()).as(changed.toString()).isZero();
            worker.awaitLine("{", 1, Eventually.HANG);
            assertThat(worker.stop(Eventually.HANG)).as(worker.text()).isZero();
            List<String> lines =
                    worker.text().lines().filter(line -> !line.startsWith("listening: ") && !line.startsWith("worker: ")).toList();
            for (String line : lines) {
                assertThat(Json.strict().readTree(line).path("formattedMessage").asText()).as(line).isNotEmpty();
            }
            assertThat(lines).first().asString().contains("\"level\":\"INFO\"", "\"formattedMessage\":\"level of dev.spillway: INFO\"");
        }
    }

    private static List<String> worker(Path data, String listen, String... more) {
        List<String> arguments = new ArrayList<>(List.of("worker", "--host-id", "host-1", "--data", data.toString(), "--listen", listen));
        arguments.addAll(List.of(more));
        return arguments;
    }

    @Test
    void theAddressThatIsToldIsOfTlsWhereThatIsSpoken() throws IOException, InterruptedException {
        Certificate own = CertificateAuthority.make(scratch, "authority").sign(scratch, "host-1");
        String nobody = "127.0.0.1:" + Ports.free(1).getFirst();
        try (SpillwayProcess worker = SpillwayProcess.start(
                scratch.resolve("log"),
                worker(
                        scratch.resolve("store"),
                        "127.0.0.1:0",
                        "--kafka-servers",
                        nobody,
                        "--coordinators",
                        nobody,
                        "--tls-certificate",
                        own.certificate().toString(),
                        "--tls-key",
                        own.key().toString()))) {
            worker.awaitLine("listening: ", 1, Eventually.HANG);
            assertThat(worker.text()).containsPattern("(?m)^listening: worker host-1 on https://127.0.0.1:[0-9]+$");
        }
    }

    @Test
    void aStoreInUseIsNamed() throws IOException, InterruptedException {
        String nobody = "127.0.0.1:" + Ports.free(1).getFirst();
        List<String> arguments = worker(
                scratch.resolve("store"),
                "127.0.0.1:0",
                "--kafka-servers",
                nobody,
                "--coordinators",
                nobody);
        try (SpillwayProcess first =
                SpillwayProcess.start(scratch.resolve("first"), arguments)
                        .awaitLine("listening: worker host-1 on http://", 1, Eventually.HANG);
                SpillwayProcess second = SpillwayProcess.start(scratch.resolve("second"), arguments)) {
            assertThat(second.awaitEnd(Eventually.HANG)).as(second.text()).isEqualTo(1);
            assertThat(second.text().lines().filter(line -> line.contains("in use"))).singleElement()
                    .asString()
                    .startsWith("worker: ")
                    .contains(scratch.resolve("store").toString());
            assertThat(second.text()).doesNotContain("\tat ").doesNotContain("WARN");
            assertThat(first.stop(Eventually.HANG)).as(first.text()).isZero();
            assertThat(first.text()).as("nobody let it join").doesNotContain("\tat ").doesNotContain("ready:");
        }
    }

    @Test
    void aDirectoryThatIsNoStoreIsRefusedInOneLine() throws IOException, InterruptedException {
        Path other = Files.createDirectories(scratch.resolve("other"));
        Path file = Files.writeString(other.resolve("file"), "x");
        for (Path data : List.of(other, file)) {
            try (SpillwayProcess worker = SpillwayProcess.start(
                    scratch.resolve("log-" + data.getFileName()),
                    worker(
                            data,
                            "127.0.0.1:0",
                            "--kafka-servers",
                            "127.0.0.1:1"))) {
                assertThat(worker.awaitEnd(Eventually.HANG)).as(worker.text()).isEqualTo(1);
                assertThat(worker.text().lines().filter(line -> line.startsWith("worker: "))).singleElement()
                        .asString()
                        .startsWith("worker: data: " + data)
                        .contains("(expected: a directory that ");
            }
        }
        assertThat(other).isDirectoryNotContaining("glob:**/lock");
    }

    @Test
    void aWorkerWhoseStoreNeverJoinedEndsWithoutItsCoordinator() throws IOException, InterruptedException {
        List<Integer> ports = Ports.free(2);
        String coordinator = "127.0.0.1:" + ports.getFirst();
        try (SpillwayProcess worker = SpillwayProcess.start(
                scratch.resolve("log"),
                worker(
                        scratch.resolve("store"),
                        "127.0.0.1:0",
                        "--coordinators",
                        coordinator,
                        "--kafka-servers",
                        "127.0.0.1:" + ports.get(1),
                        "--startup-timeout",
                        "2s"))) {
            assertThat(worker.awaitEnd(Eventually.HANG)).as(worker.text()).isEqualTo(4);
            assertThat(worker.text())
                    .containsPattern("(?m)^worker: coordinator at " + coordinator + ": .*refused, given up after trying for 2 s$")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aBusyPortIsNamed() throws IOException, InterruptedException {
        String nobody = "127.0.0.1:" + Ports.free(1).getFirst();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SpillwayProcess worker = SpillwayProcess.start(
                        scratch.resolve("log"),
                        worker(
                                scratch.resolve("store"),
                                "127.0.0.1:" + taken.getLocalPort(),
                                "--kafka-servers",
                                nobody,
                                "--coordinators",
                                nobody))) {
            assertThat(worker.awaitEnd(Eventually.HANG)).as(worker.text()).isEqualTo(1);
            assertThat(worker.text()).endsWith(
                    "worker: listen: 127.0.0.1:" + taken.getLocalPort()
                            + ": already in use (expected: an address of this machine that is free)\n")
                    .doesNotContain("\tat ")
                    .doesNotContain("WARN");
        }
    }
}
