package dev.spillway.worker.app;

import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.worker.filesystem.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** An upload that will be refused whatever its body holds is refused before the client is told to send the body. */
@Timeout(300)
class EarlyRefusalTest {
    private static final long BODY_BYTES = 20L << 20;

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().namespace("images", 10, null);
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(registry, 0);
        start("0");
    }

    private void start(String minFreeBytes) throws Exception {
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of("min-free-bytes", minFreeBytes))
                .joined();
    }

    @AfterEach
    void nothingWasLeft() throws IOException {
        assertThat(worker.area("staging")).isEmpty();
        worker.close();
        coordinator.close();
    }

    /** The status lines that arrive while no byte of the body is sent, up to the first that is final, or that asks for the body. */
    private String answered(String path, String mediaType, String... headers) throws IOException {
        URI uri = worker.uri(path);
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            List<String> lines = new ArrayList<>(
                    List.of(
                            "PUT " + path + " HTTP/1.1",
                            "Host: " + uri.getAuthority(),
                            "Content-Type: " + mediaType,
                            "Content-Length: " + BODY_BYTES,
                            "Expect: 100-continue"));
            lines.addAll(List.of(headers));
            socket.getOutputStream().write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return String.valueOf(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine());
        }
    }

    private void refusedAtOnce(int status, String path, String... headers) throws IOException {
        for (String mediaType : List.of("application/x-tar", "application/zstd")) {
            assertThat(answered(path, mediaType, headers)).as(mediaType).startsWith("HTTP/1.1 " + status + " ");
        }
        List<String> keyed = new ArrayList<>(List.of(headers));
        keyed.add("Idempotency-Key: once");
        assertThat(answered(path, "application/zstd", keyed.toArray(String[]::new))).as("with a key")
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void aBodyThatMayBeTakenIsAskedFor() throws Exception {
        for (String mediaType : List.of("application/x-tar", "application/zstd")) {
            assertThat(answered(entry("k"), mediaType)).isEqualTo("HTTP/1.1 100 Continue");
        }
        eventually(() -> worker.area("staging").isEmpty());
    }

    @Test
    void anUnknownNamespace() throws Exception {
        refusedAtOnce(404, "/v1/directories/unknown/entries/k");
    }

    @Test
    void aHostThatDrains() throws Exception {
        registry.drain(true);
        eventually(() -> worker.get("/v1/status").body().path("draining").asBoolean());
        refusedAtOnce(503, entry("k"));
    }

    @Test
    void aHostThatItsRegistryRefuses() throws Exception {
        registry.refuseJoin(new JoinAnswer.Refused(JoinAnswer.Reason.NEW_STORE, "said the registry"));
        eventually(() -> worker.get("/v1/status").body().has("refusal"));
        refusedAtOnce(503, entry("k"));
    }

    @Test
    void aRegistryThatIsAwayAndNeverNamedTheNamespace() throws Exception {
        worker.close();
        worker = new RunningWorker(folder.resolve("store"), RunningWorker.NOBODY, Map.of());
        refusedAtOnce(503, entry("k"));
    }

    @Test
    void aFullDisk() throws Exception {
        worker.close();
        start("1000000000000000");
        refusedAtOnce(507, entry("k"));
    }

    @Test
    void aQueryOrHeaderThatIsNotAsItShouldBe() throws Exception {
        refusedAtOnce(400, entry("k") + "?description=" + "x".repeat(5_000));
        refusedAtOnce(400, entry("k") + "?generation=0");
        refusedAtOnce(415, entry("k"), "Content-Encoding: br");
    }

    @Test
    void aKeyThatADeletionHas() throws Exception {
        assertThat(worker.store("d", Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
        assertThat(
                worker.send(HttpRequest.newBuilder(worker.uri(entry("d"))).header("Idempotency-Key", "deleted").DELETE().build())
                        .status())
                .isEqualTo(200);
        for (String mediaType : List.of("application/x-tar", "application/zstd")) {
            assertThat(answered(entry("k"), mediaType, "Idempotency-Key: deleted")).startsWith("HTTP/1.1 422 ");
        }
    }

    private Path archive() throws IOException {
        Path file = folder.resolve("archive");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), BODY_BYTES - 1);
        }
        return file;
    }

    @Test
    void curlSeesTheStatusAndSendsNothing() throws Exception {
        Machine.assumeCommand("curl");
        for (String mediaType : List.of("application/x-tar", "application/zstd")) {
            // Curl waits for the answer so long before it sends the body unasked.
            assertThat(
                    Machine.run(
                            "curl",
                            "-s",
                            "-o",
                            "/dev/null",
                            "-w",
                            "%{http_code} %{size_upload}",
                            "--expect100-timeout",
                            "120",
                            "-H",
                            "Content-Type: " + mediaType,
                            "-T",
                            archive().toString(),
                            worker.uri("/v1/directories/unknown/entries/k").toString()))
                    .as(mediaType)
                    .isEqualTo("404 0");
            Files.delete(folder.resolve("archive"));
        }
    }

    @Test
    void theHttpClientOfJavaSeesTheStatus() throws Exception {
        Path file = archive();
        for (int round = 0; round < 20; round++) {
            for (String mediaType : List.of("application/x-tar", "application/zstd")) {
                assertThat(
                        worker.send(
                                HttpRequest.newBuilder(worker.uri("/v1/directories/unknown/entries/k"))
                                        .header("Content-Type", mediaType)
                                        .expectContinue(true)
                                        .PUT(BodyPublishers.ofFile(file))
                                        .build())
                                .status())
                        .as(mediaType)
                        .isEqualTo(404);
            }
        }
    }
}
