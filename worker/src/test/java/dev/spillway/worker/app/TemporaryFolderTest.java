package dev.spillway.worker.app;

import com.github.luben.zstd.Zstd;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.settings.HostPort;
import dev.spillway.worker.filesystem.Machine;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
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
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** A worker where native code cannot be unpacked into the system's temporary folder. */
@Timeout(360)
@Tag("full")
class TemporaryFolderTest {
    @TempDir
    private Path folder;

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    private static byte[] archive() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            TarArchiveEntry file = new TarArchiveEntry("file");
            file.setSize(3);
            tar.putArchiveEntry(file);
            tar.write(new byte[]{'a', 'b', 'c'});
            tar.closeArchiveEntry();
        }
        return Zstd.compress(bytes.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"noexec", "full", "ro"})
    void zstdUploadsAndReportsWorkWhateverTheTemporaryFolderIs(String kind) throws Exception {
        Path temporary = Files.createDirectories(folder.resolve("tmp"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", kind.equals("noexec") ? "noexec" : "size=64k", "tmpfs", temporary.toString()) == 0,
                "skipped: cannot mount");
        TestRegistry registry = new TestRegistry().namespace("images", 1, null);
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.temporary());
                TestCoordinator coordinator = new TestCoordinator(registry, 0);
                HttpClient client = HttpClient.newHttpClient()) {
            if (kind.equals("full")) {
                assertThat(run("sh", "-c", "cat /dev/zero > " + temporary.resolve("filler"))).isNotZero();
            } else if (kind.equals("ro")) {
                assertThat(run("mount", "-o", "remount,ro", temporary.toString())).isZero();
            }
            var settings = new KafkaSettings(
                    List.of(HostPort.parse(broker.bootstrapServers())),
                    "test",
                    Duration.ofSeconds(10));
            KafkaTopics.open(
                    settings,
                    List.of(
                            new KafkaTopics.Topic(Topics.ORDERS, 1, Duration.ofHours(1)),
                            new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                    Reachability.within(Duration.ofSeconds(30))).close();
            Process process = worker(temporary, coordinator.address().toString(), broker.bootstrapServers());
            try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                    var consumer = new KafkaConsumer<byte[], byte[]>(settings.consumer("test"))) {
                String address = Objects.requireNonNull(lines.readLine(), "it ended without a word");
                put(client, address, "first");
                TopicPartition partition = new TopicPartition(Topics.REPORTS, 0);
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                // Each put evicts the one before. A report that Kafka did not take goes with the heartbeat instead, so one eviction may not be enough.
                AtomicInteger puts = new AtomicInteger();
                eventually(() -> {
                    put(client, address, "next-" + puts.incrementAndGet());
                    return !consumer.poll(Duration.ofMillis(100)).isEmpty();
                });
                eventually(
                        () -> client
                                .send(
                                        HttpRequest.newBuilder(URI.create("http://" + address + "/readyz")).build(),
                                        BodyHandlers.discarding())
                                .statusCode() == 200);
            } finally {
                process.toHandle().destroyForcibly();
                process.waitFor();
            }
        } finally {
            eventually(() -> run("umount", temporary.toString()) == 0);
        }
    }

    private static void put(HttpClient client, String address, String key) throws Exception {
        eventually(() -> {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create("http://" + address + entry(key)))
                            .header("Content-Type", "application/x-tar")
                            .PUT(BodyPublishers.ofByteArray(archive()))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503);
            return answer.statusCode() == 200;
        });
    }

    private Process worker(Path temporary, String coordinator, String kafka) throws Exception {
        return Machine
                .java(
                        List.of("--sun-misc-unsafe-memory-access=allow", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + temporary),
                        WorkerProcess.class,
                        folder.resolve("store").toString(),
                        coordinator,
                        kafka)
                .start();
    }
}
