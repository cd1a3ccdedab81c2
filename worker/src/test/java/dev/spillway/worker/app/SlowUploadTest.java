package dev.spillway.worker.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Very slow uploads are ended, and do not delay others. */
class SlowUploadTest {
    @TempDir
    private Path folder;
    private final TestCoordinator coordinator;

    SlowUploadTest() throws Exception {
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 10, null), 0);
    }

    @AfterEach
    void stop() {
        coordinator.close();
    }

    private RunningWorker start(Map<String, String> settings) throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), settings).joined();
    }

    /** An upload that sends a byte now and then. */
    private static final class Trickle implements AutoCloseable {
        private final Socket socket;

        Trickle(RunningWorker worker, String key) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), worker.worker.address().port());
            send(
                    "PUT %s HTTP/1.1\r\nHost: worker\r\nContent-Type: application/x-tar\r\nContent-Length: 100000\r\n\r\nname"
                            .formatted(entry(key)));
        }

        private void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        /** Sends on until the connection is closed, and returns what was answered. */
        String untilClosed() throws IOException {
            socket.setSoTimeout(5);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            for (int sent = 0; sent < 60_000; sent++) {
                try {
                    int read = socket.getInputStream().read();
                    if (read < 0) {
                        return answer.toString(StandardCharsets.UTF_8);
                    }
                    answer.write(read);
                } catch (SocketTimeoutException e) {
                    if (answer.size() == 0) {
                        send("x");
                    }
                }
            }
            throw new AssertionError("still open, answered '" + answer + "'");
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void directoriesAreTakenWhileUploadsHardlyMove() throws Exception {
        Path source = Files.createDirectories(folder.resolve("source"));
        try (RunningWorker worker = start(Map.of("puts-at-once", "1", "put-deadline", "5m")); var _ = new Trickle(worker, "a")) {
            eventually(() -> worker.area("staging").size() == 1);
            assertThat(worker.store("k", source).status()).isEqualTo(200);
        }
    }

    @Test
    void oneUploadTooManyIsToldSo() throws Exception {
        try (RunningWorker worker = start(
                Map.of("uploads-at-once", "1", "put-deadline", "1s", "registry-timeout", "1s", "registry-connect-timeout", "1s"));
                var _ = new Trickle(worker, "a")) {
            eventually(() -> worker.area("staging").size() == 1);
            try (Trickle second = new Trickle(worker, "b")) {
                assertThat(second.untilClosed()).startsWith("HTTP/1.1 503 ").contains(":busy").contains("uploads-at-once, 1");
            }
        }
    }

    @Test
    void anUploadThatIsTooSlowOnTheAverageIsEndedAndLeavesNothing() throws Exception {
        try (RunningWorker worker = start(Map.of("upload-rate-min", "10000", "upload-rate-over", "200ms"));
                Trickle slow = new Trickle(worker, "a")) {
            assertThat(slow.untilClosed()).startsWith("HTTP/1.1 408 ")
                    .contains(":upload-too-slow")
                    .contains("expected: 10000 bytes or more");
            eventually(() -> worker.area("staging").isEmpty());
        }
        assertThat(coordinator.registry.entries()).isEmpty();
    }
}
