package dev.spillway.worker.app;

import com.google.protobuf.CodedOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A worker is killed again and again between the puts of an action result and its blobs: no result is found without its parts. */
@Tag("full")
@Timeout(value = 2, unit = TimeUnit.HOURS)
class BuildCrashTest {
    private static final int KILLS = Integer.getInteger("spillway.kills", 12);
    private static final int BLOBS = 5;
    /** Results of earlier kills that are read again. */
    private static final int READ_AGAIN = 10;

    @TempDir
    private Path folder;
    private final HttpClient client = HttpClient.newHttpClient();

    @FunctionalInterface
    private interface Fields {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private record Build(int number) {
        byte[] blob(int part) {
            return ("blob " + part + " of build " + number + " ").repeat(1 + number % 7 * 1_000).getBytes(StandardCharsets.UTF_8);
        }

        byte[] result() throws IOException {
            return message(this::writeParts);
        }

        private void writeParts(CodedOutputStream out) throws IOException {
            for (int part = 0; part < BLOBS; part++) {
                byte[] blob = blob(part);
                out.writeByteArray(2, message(file -> file.writeByteArray(2, message(digest -> {
                    digest.writeString(1, CacheOfBuilds.sha256(blob));
                    digest.writeInt64(2, blob.length);
                }))));
            }
        }

        String resultPath() {
            return "ac/" + CacheOfBuilds.sha256("action " + number);
        }

        private static byte[] message(Fields fields) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.writeTo(out);
            out.flush();
            return bytes.toByteArray();
        }
    }

    /** A worker's process and where it listens. */
    private record Running(Process process, String address) implements AutoCloseable {
        URI uri(String path) {
            return URI.create("http://" + address + CacheOfBuilds.CACHE + path);
        }

        void kill() {
            process.toHandle().destroyForcibly();
            process.onExit().join();
        }

        @Override
        public void close() {
            kill();
        }
    }

    private Running start(TestCoordinator coordinator) throws Exception {
        Process process = WorkerProcess
                .command(WorkerProcess.class, folder.resolve("store").toString(), coordinator.address().toString(), "127.0.0.1:1")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String address = String.valueOf(lines.readLine());
        assertThat(address).matches("[^/]*/?[0-9.]+:\\d+");
        return new Running(process, address.substring(address.indexOf('/') + 1));
    }

    private HttpRequest put(Running worker, Build build, int part) throws IOException {
        byte[] content = part == BLOBS ? build.result() : build.blob(part);
        String path = part == BLOBS ? build.resultPath() : "cas/" + CacheOfBuilds.sha256(content);
        return HttpRequest.newBuilder(worker.uri(path)).PUT(BodyPublishers.ofByteArray(content)).build();
    }

    /** Puts a part until the host takes it: it may be on its way into the fleet. */
    private void putWhole(Running worker, Build build, int part) throws Exception {
        int[] status = {0};
        RunningWorker.eventually(() -> {
            status[0] = client.send(put(worker, build, part), BodyHandlers.discarding()).statusCode();
            return status[0] == 201 || status[0] == 200;
        });
    }

    /** Returns whether the result is found, and then each of its blobs is. */
    private boolean isWhole(Running worker, Build build) throws Exception {
        HttpResponse<byte[]> result =
                client.send(HttpRequest.newBuilder(worker.uri(build.resultPath())).build(), BodyHandlers.ofByteArray());
        assertThat(result.statusCode()).isIn(200, 404);
        if (result.statusCode() == 404) {
            return false;
        }
        assertThat(result.body()).isEqualTo(build.result());
        for (int part = 0; part < BLOBS; part++) {
            HttpResponse<byte[]> blob = client.send(
                    HttpRequest.newBuilder(worker.uri("cas/" + CacheOfBuilds.sha256(build.blob(part)))).build(),
                    BodyHandlers.ofByteArray());
            assertThat(blob.statusCode()).as("part %d of %s: %s", part, build, new String(blob.body(), StandardCharsets.UTF_8))
                    .isEqualTo(200);
            assertThat(blob.body()).isEqualTo(build.blob(part));
        }
        return true;
    }

    @Test
    void noResultIsFoundWithoutItsParts() throws Exception {
        Random random = new Random(7);
        TestRegistry registry = new TestRegistry().artifacts("builds", 1_000_000, null);
        List<Build> builds = new ArrayList<>();
        int whole = 0;
        try (TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            for (int kill = 0; kill < KILLS; kill++) {
                try (Running worker = start(coordinator)) {
                    for (Build build : builds.subList(Math.max(0, builds.size() - READ_AGAIN), builds.size())) {
                        isWhole(worker, build);
                    }
                    Build build = new Build(kill);
                    builds.add(build);
                    int killedAt = random.nextInt(BLOBS + 2);
                    for (int part = 0; part < Math.min(killedAt, BLOBS + 1); part++) {
                        putWhole(worker, build, part);
                    }
                    CompletableFuture<?> last = killedAt > BLOBS ? CompletableFuture.completedFuture(null)
                            : client.sendAsync(put(worker, build, killedAt), BodyHandlers.discarding());
                    worker.kill();
                    last.exceptionally(e -> {
                        assertThat(e).isInstanceOfAny(IOException.class, CompletionException.class);
                        return null;
                    }).join();
                }
            }
            try (Running worker = start(coordinator)) {
                for (Build build : builds) {
                    putWhole(worker, build, BLOBS);
                    whole += isWhole(worker, build) ? 1 : 0;
                }
            }
        }
        System.out.printf("%d kills; %d builds were whole in the end%n", KILLS, whole);
        assertThat(whole).as("builds of which everything was put").isPositive();
    }
}
