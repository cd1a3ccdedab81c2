package dev.spillway.dev.fleet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code spillway dev} as a process. */
class DevTest {
    private static final int HOSTS = 2;

    @TempDir
    Path scratch;

    @Tag("full")
    @Test
    void whatIsKeptSurvivesAKillAndNothingStaysBehindAfterAStop() throws IOException, InterruptedException {
        int port = Ports.freeForDev(HOSTS);
        String url = "127.0.0.1:" + port;
        Path data = scratch.resolve("data");
        Path output = scratch.resolve("output");
        List<String> dev = List.of("dev", "--hosts", String.valueOf(HOSTS), "--data", data.toString(), "--port", String.valueOf(port));
        Path tree = Files.createDirectories(scratch.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");

        try (SpillwayProcess first = SpillwayProcess.start(output, dev)) {
            first.awaitReady(1, Eventually.HANG);
            assertThat(first.text().lines().filter(line -> line.startsWith("ready"))).singleElement()
                    .asString()
                    .contains(
                            "http://127.0.0.1:" + port,
                            "host-1 http://127.0.0.1:" + (port + 10),
                            "host-2 http://127.0.0.1:" + (port + 11));
            done("namespace", "set", "tour", "--max-entries", "2", "--url", url);
            for (String key : List.of("one", "two", "three")) {
                done("put", "tour", key, tree.toString(), "--worker", "host-1", "--url", url);
            }
            assertThat(logged(data)).as("a start in which nothing is wrong")
                    .isNotEmpty()
                    .filteredOn(line -> line.contains(" WARN "))
                    .allMatch(line -> line.contains("The metadata log appears to be empty"), "Kafka's first start says that it is one");
            done("retire", "host-2", "--yes", "--url", url);
            refusedOnTheSameData(data);
            refusedOnTheSamePort(port);
            first.kill();
        }
        List<ProcessHandle> left = serving(data);
        assertThat(left).as("PostgreSQL outlives the process that started it").hasSize(1);

        SpillwayProcess second = SpillwayProcess.start(output, dev);
        try (second) {
            second.awaitReady(2, Eventually.HANG);
            assertThat(second.text()).as("who may not join waits for a person, who needs the others")
                    .containsPattern("(?s)host-2 .*refused: RETIRED: .*spillway readmit host-2.*ready");
            done("readmit", "host-2", "--url", url);
            assertThat(done("ls", "tour", "--url", url).out()).contains("two", "three").doesNotContain("one");
            Path image = Path.of(done("get", "tour", "three", "--worker", "host-1", "--url", url).out().strip());
            assertThat(TreePicture.of(image)).isEqualTo(TreePicture.of(tree));
            Eventually.holds(Eventually.HANG, () -> assertThat(FleetProcesses.names(data.resolve("host-1").resolve("images"))).hasSize(2));
            done("clean", "tour", "--yes", "--timeout", "5m", "--url", url);
            assertThat(FleetProcesses.names(data.resolve("host-1").resolve("images"))).isEmpty();

            assertThat(serving(data)).as("the one that was left is ended, and another runs").hasSize(1).doesNotContainAnyElementsOf(left);
            assertThat(second.stop(Eventually.HANG)).as(second.text()).isZero();
            assertThat(serving(data)).isEmpty();
        }
        for (int taken : List.of(port, port + 10, port + 11)) {
            assertThat(Ports.isFree(taken)).as("port " + taken).isTrue();
        }
        assertThat(data.resolve("host-1").resolve("worker.sock")).doesNotExist();
    }

    @Tag("full")
    @Test
    void aTemporaryFleetLeavesNothingNeitherStoppedNorKilled() throws IOException, InterruptedException {
        int port = Ports.freeForDev(1);
        List<String> dev = List.of("dev", "--hosts", "1", "--port", String.valueOf(port));
        Path temporary = Files.createDirectories(scratch.resolve("tmp"));
        Map<String, String> properties = Map.of("java.io.tmpdir", temporary.toString());
        try (SpillwayProcess killed = SpillwayProcess.start(scratch.resolve("killed"), dev, properties)) {
            killed.awaitReady(1, Eventually.HANG);
            assertThat(fleets(temporary)).hasSize(1);
            killed.kill();
        }
        String left = fleets(temporary).getFirst();
        try (SpillwayProcess stopped = SpillwayProcess.start(scratch.resolve("stopped"), dev, properties)) {
            stopped.awaitReady(1, Eventually.HANG);
            assertThat(fleets(temporary)).hasSize(1).doesNotContain(left);
            assertThat(serving(temporary)).hasSize(1);
            // As a terminal that is closed does, and someone who does not want to wait.
            assertThat(new ProcessBuilder("kill", "-HUP", String.valueOf(stopped.process().pid())).start().waitFor()).isZero();
            Eventually.holds(Eventually.HANG, () -> assertThat(stopped.text()).contains("dev: stopping, in at most 60 s"));
            assertThat(stopped.stop(Eventually.HANG)).as(stopped.text()).isZero();
            assertThat(serving(temporary)).isEmpty();
        }
        assertThat(fleets(temporary)).isEmpty();
        assertThat(FleetProcesses.names(temporary).stream().filter(name -> name.startsWith("spillway-"))).isEmpty();
    }

    @Test
    void aStopInTheMiddleOfTheStartLeavesNothing() throws IOException, InterruptedException {
        Path temporary = Files.createDirectories(scratch.resolve("tmp"));
        try (SpillwayProcess starting = SpillwayProcess.start(
                scratch.resolve("starting"),
                List.of("dev", "--hosts", "1", "--port", String.valueOf(Ports.freeForDev(1))),
                Map.of("java.io.tmpdir", temporary.toString()))) {
            Eventually.holds(
                    Eventually.HANG,
                    () -> assertThat(starting.process().descendants()).as("PostgreSQL begins to run").isNotEmpty());
            assertThat(starting.stop(Eventually.HANG)).as(starting.text()).isZero();
            assertThat(starting.text()).doesNotContain("ready");
        }
        String servers = temporary.toRealPath().toString();
        assertThat(ProcessHandle.allProcesses().filter(ProcessHandle::isAlive).map(each -> each.info().commandLine().orElse("")))
                .noneMatch(commandLine -> commandLine.contains(servers));
        assertThat(FleetProcesses.names(temporary).stream().filter(name -> name.startsWith("spillway-"))).isEmpty();
    }

    @Test
    void aDirectoryTooDeepForTheWorkersSocketsIsRefusedBeforeAnythingStarts() throws IOException, InterruptedException {
        String here = scratch.toRealPath() + "/";
        Path deep = Path.of(here + "d".repeat(85 - here.length()));
        try (SpillwayProcess refused = SpillwayProcess.start(
                scratch.resolve("deep"),
                List.of("dev", "--hosts", "1", "--data", deep.toString(), "--port", String.valueOf(Ports.freeForDev(1))))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).as(refused.text()).isEqualTo(1);
            assertThat(refused.text()).startsWith("spillway: --data: it cannot be used: data: " + deep + "/host-1 (expected: a path of ")
                    .contains("worker.sock")
                    .hasLineCount(1);
        }
        assertThat(deep).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a,b", "a\"b", "a$b", "a`b"})
    void aDirectoryThatAServerCannotUseIsRefusedBeforeAnythingStarts(String name) throws IOException, InterruptedException {
        Path data = scratch.resolve(name).resolve("below");
        try (SpillwayProcess refused = SpillwayProcess.start(
                scratch.resolve("refused"),
                List.of("dev", "--hosts", "1", "--data", data.toString(), "--port", String.valueOf(Ports.freeForDev(1))))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).as(refused.text()).isEqualTo(1);
            assertThat(refused.text()).startsWith("spillway: --data: ").contains(name, "(expected: a path without").hasLineCount(1);
        }
        assertThat(scratch.resolve(name)).doesNotExist();
    }

    @Test
    void aDirectoryThatIsNoStoreIsRefusedBeforeAnythingStarts() throws IOException, InterruptedException {
        Path data = scratch.resolve("data");
        Files.writeString(Files.createDirectories(data.resolve("host-2")).resolve("letter"), "of somebody else");
        Files.createFile(data.resolve("spillway-dev.lock"));
        try (SpillwayProcess refused = SpillwayProcess.start(
                scratch.resolve("foreign"),
                List.of("dev", "--hosts", "2", "--data", data.toString(), "--port", String.valueOf(Ports.freeForDev(2))))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).as(refused.text()).isEqualTo(1);
            assertThat(refused.text()).startsWith("spillway: data: ")
                    .contains(data.toRealPath().resolve("host-2").toString())
                    .hasLineCount(1);
        }
        assertThat(data.resolve("postgres")).doesNotExist();
        assertThat(data.resolve("host-2")).isDirectoryContaining("glob:**letter");
    }

    private static List<ProcessHandle> serving(Path below) throws IOException {
        String path = below.toRealPath().toString();
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("/postgres"))
                .filter(process -> process.info().commandLine().orElse("").contains(path))
                .toList();
    }

    private static List<String> logged(Path data) throws IOException {
        Path logs = data.resolve("logs");
        return Files.readAllLines(logs.resolve(FleetProcesses.names(logs).iterator().next()));
    }

    private static List<String> fleets(Path temporary) throws IOException {
        try (Stream<String> names = FleetProcesses.names(temporary).stream()) {
            return names.filter(name -> name.startsWith("spillway-dev-")).toList();
        }
    }

    private void refusedOnTheSameData(Path data) throws IOException, InterruptedException {
        int other = Ports.freeForDev(1);
        try (SpillwayProcess refused = SpillwayProcess.start(
                scratch.resolve("same-data"),
                List.of("dev", "--hosts", "1", "--data", data.toString(), "--port", String.valueOf(other)))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).isEqualTo(1);
            assertThat(refused.text()).startsWith("spillway: --data: " + data.toRealPath() + " is in use by another spillway dev, process ")
                    .hasLineCount(1);
        }
    }

    private void refusedOnTheSamePort(int port) throws IOException, InterruptedException {
        Path unused = scratch.resolve("unused");
        try (SpillwayProcess refused = SpillwayProcess.start(
                scratch.resolve("same-port"),
                List.of("dev", "--data", unused.toString(), "--port", String.valueOf(port)))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).isEqualTo(1);
            assertThat(refused.text()).startsWith("spillway: port " + port + " of the coordinator: ").hasLineCount(1);
        }
        int mine = Ports.freeForDev(2);
        try (ServerSocket taken = new ServerSocket(mine + 11, 1, InetAddress.getLoopbackAddress());
                SpillwayProcess refused = SpillwayProcess.start(
                        scratch.resolve("same-worker-port"),
                        List.of("dev", "--data", unused.toString(), "--port", String.valueOf(mine)))) {
            assertThat(refused.awaitEnd(Eventually.HANG)).isEqualTo(1);
            assertThat(refused.text()).contains("port " + taken.getLocalPort() + " of host-2: ");
        }
        assertThat(unused).doesNotExist();
    }

    private static Spillway.Ran done(String... arguments) {
        Spillway.Ran ran = Spillway.run(arguments);
        assertThat(ran.exitCode()).as(String.join(" ", arguments) + ": " + ran).isZero();
        return ran;
    }
}
