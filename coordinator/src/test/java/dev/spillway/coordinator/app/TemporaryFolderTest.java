package dev.spillway.coordinator.app;

import dev.spillway.api.body.Entries;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TopicReader;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.settings.HostPort;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** A coordinator where native code cannot be unpacked into the system's temporary folder: messages are compressed all the same. */
@Timeout(180)
@Tag("full")
class TemporaryFolderTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        servers = new CoordinatorServers(directory);
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    @FunctionalInterface
    private interface OnMount {
        void run(Path mounted) throws Exception;
    }

    /** @param kind {@code noexec}, {@code full} or {@code ro} */
    private static void onTmpfs(Path at, String kind, OnMount action) throws Exception {
        Path mounted = Files.createDirectories(at);
        String options = kind.equals("noexec") ? "noexec" : "size=64k";
        assumeTrue(run("mount", "-t", "tmpfs", "-o", options, "tmpfs", mounted.toString()) == 0, "skipped: cannot mount");
        try {
            if (kind.equals("full")) {
                assertThat(run("sh", "-c", "cat /dev/zero > " + mounted.resolve("filler"))).isNotZero();
            } else if (kind.equals("ro")) {
                assertThat(run("mount", "-o", "remount,ro", mounted.toString())).isZero();
            }
            action.run(mounted);
        } finally {
            Await.until("unmounted", () -> run("umount", mounted.toString()) == 0);
        }
    }

    @FunctionalInterface
    private interface OnLine {
        void run(String line) throws Exception;
    }

    /** Runs a coordinator with that temporary folder, and hands over the line that it prints. */
    private static void coordinator(Path temporary, Path cache, Map<String, String> more, OnLine action) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        CoordinatorProcess.class.getName()));
        servers.given(more).forEach((name, value) -> command.add(name + "=" + value));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        Process process = builder.start();
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            action.run(Objects.requireNonNull(lines.readLine(), "it ended without a word"));
        } finally {
            process.toHandle().destroyForcibly();
            process.waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"noexec", "full", "ro"})
    void factsAndReportsAreCompressedWhateverTheTemporaryFolderIs(String kind) throws Exception {
        onTmpfs(folder.resolve("tmp"), kind, temporary -> coordinator(temporary, folder.resolve("cache"), Map.of(), line -> {
            CoordinatorClient client = new CoordinatorClient(HostPort.parse(line));
            client.namespace(1);
            client.put("a", Entries.Stored.class);
            client.put("b", Entries.Stored.class);
            try (var facts = new TopicReader(servers.kafka(), Topics.EVICTIONS, "eviction.v1")) {
                Await.until(
                        "the fact is out",
                        () -> facts.values(EvictionFact.class)
                                .stream()
                                .anyMatch(fact -> fact.namespace().value().equals(client.namespace)));
            }
            double before = client.metric("spillway_reports_unproven_total");
            List<String> codecs = List.of("zstd", "snappy", "lz4", "gzip");
            for (String codec : codecs) {
                try (var producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", servers.kafka(), "compression.type", codec),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
                    producer.send(new ProducerRecord<>(Topics.REPORTS, new byte[0], new byte[4096])).get();
                }
            }
            Await.until(
                    "what others compressed is read, and passed over",
                    () -> client.metric("spillway_reports_unproven_total") == before + codecs.size());
            Await.until("all is ready", () -> client.unready().isEmpty());
        }));
        try (var left = Files.list(folder.resolve("cache/spillway"))) {
            assertThat(left.map(path -> path.getFileName().toString())).as("only pages are left")
                    .singleElement()
                    .asString()
                    .startsWith("pages-");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"noexec", "full", "ro"})
    void aFolderThatIsGivenAndCannotBeUsedEndsTheStartWithOneLine(String kind) throws Exception {
        onTmpfs(
                folder.resolve("given"),
                kind,
                given -> coordinator(
                        folder,
                        folder.resolve("cache"),
                        Map.of("native-folder", given.toString()),
                        // One that is read-only is seen when the settings are read.
                        line -> assertThat(line)
                                .startsWith(kind.equals("ro") ? "failed: coordinator: native-folder: " : "failed: native libraries: ")
                                .contains(given.toString())
                                .contains("(expected: a ", "a folder")
                                .doesNotContain("Exception")));
    }

    @Test
    void aFolderThatIsGivenIsUsed() throws Exception {
        Path given = folder.resolve("made/for/it");
        coordinator(folder, Path.of("/dev/null"), Map.of("native-folder", given.toString()), line -> {
            assertThat(new CoordinatorClient(HostPort.parse(line)).unready()).isEmpty();
            // Libraries are removed once they are loaded; the pages stay.
            try (Stream<Path> left = Files.list(given)) {
                assertThat(left.map(path -> path.getFileName().toString())).allMatch(name -> name.startsWith("pages-"));
            }
        });
    }
}
