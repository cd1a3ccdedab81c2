package dev.spillway.service.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests answers whose body is a part of a file. */
class FilesTest {
    private static final int BYTES = 20_000_017;
    private static final int FIRST = 1_000_003;

    @TempDir
    private Path folder;
    private final byte[] content = new byte[BYTES];
    private final BlockingQueue<FileChannel> closed = new LinkedBlockingQueue<>();

    @BeforeEach
    void write() throws IOException {
        new Random(4).nextBytes(content);
        Files.write(folder.resolve("file"), content);
    }

    private Endpoint files() {
        return RunningService.get("/file", request -> {
            FileChannel file = FileChannel.open(folder.resolve("file"));
            return Response.file("application/octet-stream", file, FIRST, BYTES - 2L * FIRST, () -> {
                try {
                    file.close();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                closed.add(file);
            });
        });
    }

    private void awaitClosed() throws InterruptedException {
        assertThat(closed.poll(60, TimeUnit.SECONDS)).isNotNull().matches(file -> !file.isOpen());
    }

    @Test
    void aPartOfAFileArrivesWholeAndTheFileIsClosed() throws Exception {
        try (var service = new RunningService(files())) {
            for (int turn = 0; turn < 3; turn++) {
                var answer = service.client.send(HttpRequest.newBuilder(service.uri("/file")).build(), BodyHandlers.ofByteArray());
                assertThat(answer.headers().firstValue("Content-Length")).contains(Integer.toString(BYTES - 2 * FIRST));
                assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(content, FIRST, BYTES - FIRST));
                awaitClosed();
            }
        }
    }

    @Test
    void aHeadTellsTheLengthAndTheFileIsClosed() throws Exception {
        try (var service = new RunningService(files())) {
            var answer = service.client.send(HttpRequest.newBuilder(service.uri("/file")).HEAD().build(), BodyHandlers.ofByteArray());
            assertThat(answer.headers().firstValue("Content-Length")).contains(Integer.toString(BYTES - 2 * FIRST));
            assertThat(answer.body()).isEmpty();
            awaitClosed();
        }
    }

    @Test
    void aFileThatIsDeletedWhileItIsSentArrivesWhole() throws Exception {
        try (var service = new RunningService(files()); var socket = service.connect()) {
            socket.getOutputStream().write("GET /file HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            RunningService.readUntil(socket.getInputStream(), "\r\n\r\n");
            Files.delete(folder.resolve("file"));
            Files.write(folder.resolve("file"), new byte[BYTES]);
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOfRange(content, FIRST, BYTES - FIRST));
            awaitClosed();
        }
    }

    @Test
    void aClientThatLeavesOrTakesNothingForTooLongIsGivenUp() throws Exception {
        var limits = RunningService.LIMITS.withPauseMax(Duration.ofMillis(200));
        try (var service = new RunningService(limits, files())) {
            try (var socket = service.connect()) {
                socket.getOutputStream().write("GET /file HTTP/1.1\r\nHost: t\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                RunningService.readUntil(socket.getInputStream(), "\r\n\r\n");
                awaitClosed();
                // Bytes under way still arrive. Then the connection ends.
                assertThat(readToEnd(socket.getInputStream())).isLessThan(BYTES - 2 * FIRST);
            }
            try (var socket = service.connect()) {
                socket.getOutputStream().write("GET /file HTTP/1.1\r\nHost: t\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            }
            awaitClosed();
        }
    }

    private static long readToEnd(InputStream in) {
        long read = 0;
        try {
            while (in.read() >= 0) {
                read++;
            }
        } catch (IOException e) {
            // The connection was reset, which is an end, too.
        }
        return read;
    }
}
