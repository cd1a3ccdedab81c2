package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker whose heap is smaller than what it takes in and sends at once, and that is killed in the middle of an upload. */
@Timeout(300)
class SmallHeapTest {
    private static final int BYTES = 48 << 20;
    private static final int AT_ONCE = 4;

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().artifacts("builds", 1_000, null);
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Process start(TestCoordinator coordinator) throws IOException {
        return Machine
                .java(
                        List.of("--sun-misc-unsafe-memory-access=allow", "-XX:TieredStopAtLevel=1", "-Xmx128m"),
                        WorkerProcess.class,
                        folder.resolve("store").toString(),
                        coordinator.address().toString(),
                        RunningWorker.NOBODY)
                .start();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("store/artifacts"))) {
            return files.filter(file -> file.toString().endsWith(".artifact")).toList();
        }
    }

    private <T> List<T> atOnce(List<Callable<T>> calls) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<T> results = new ArrayList<>();
            for (Future<T> call : threads.invokeAll(calls)) {
                results.add(call.get());
            }
            return results;
        }
    }

    @Test
    void largeArtifactsGoThroughItAndAnUploadThatAKillCutsOffIsGoneAfterTheNextStart() throws Exception {
        byte[] content = new byte[BYTES];
        new Random(1).nextBytes(content);
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            Process worker = start(coordinator);
            try (BufferedReader out = worker.inputReader()) {
                URI uri = URI.create("http://" + address(out) + "/cache/builds/");
                eventually(() -> status(uri.resolve("small"), new byte[10]) < 300);
                List<Callable<Integer>> puts = new ArrayList<>();
                List<Callable<HttpResponse<byte[]>>> gets = new ArrayList<>();
                for (int number = 0; number < AT_ONCE; number++) {
                    URI one = uri.resolve("large" + number);
                    puts.add(() -> status(one, content));
                    gets.add(() -> client.send(HttpRequest.newBuilder(one).build(), BodyHandlers.ofByteArray()));
                }
                assertThat(atOnce(puts)).containsOnly(201);
                assertThat(atOnce(gets)).allSatisfy(got -> assertThat(got.body()).isEqualTo(content));
                try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
                    OutputStream upload = socket.getOutputStream();
                    upload.write(
                            "PUT /cache/builds/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n".formatted(BYTES)
                                    .getBytes(StandardCharsets.US_ASCII));
                    upload.write(content, 0, BYTES / 2);
                    eventually(() -> files().size() == AT_ONCE + 1);
                    assertThat(worker.toHandle().destroyForcibly()).isTrue();
                    assertThat(worker.waitFor()).isEqualTo(137);
                }
            } finally {
                worker.toHandle().destroyForcibly();
            }
            assertThat(files()).hasSize(AT_ONCE + 1);
            try (RunningWorker again = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of()).joined()) {
                assertThat(files()).hasSize(AT_ONCE);
                assertThat(again.send(HttpRequest.newBuilder(again.uri("/cache/builds/cut")).build()).status()).isEqualTo(404);
                HttpResponse<byte[]> kept =
                        client.send(HttpRequest.newBuilder(again.uri("/cache/builds/large0")).build(), BodyHandlers.ofByteArray());
                assertThat(kept.body()).isEqualTo(content);
            }
        }
    }

    /** Skips lines of the log. */
    private static String address(BufferedReader out) throws IOException {
        String line = out.readLine();
        while (line != null && !line.matches("127\\.0\\.0\\.1:[0-9]+")) {
            line = out.readLine();
        }
        return String.valueOf(line);
    }

    private int status(URI uri, byte[] content) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri).PUT(BodyPublishers.ofByteArray(content)).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
