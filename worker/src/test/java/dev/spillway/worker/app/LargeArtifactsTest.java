package dev.spillway.worker.app;

import dev.spillway.events.HostId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Artifacts that arrive in files and are sent from them. */
@Timeout(300)
class LargeArtifactsTest extends CacheOfBuilds {
    private static final int MIB = 1 << 20;

    private static byte[] content(int seed, int bytes) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private HttpResponse<byte[]> get(RunningWorker host, String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(host.uri(path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return host.client.send(request.build(), BodyHandlers.ofByteArray());
    }

    private int put(String path, byte[] content) throws IOException, InterruptedException {
        return worker.send(HttpRequest.newBuilder(worker.uri(path)).PUT(BodyPublishers.ofByteArray(content)).build()).status();
    }

    /** The files that hold one artifact each. */
    private static List<Path> files(RunningWorker host) throws IOException {
        try (Stream<Path> files = Files.list(host.data.resolve("artifacts"))) {
            return files.filter(file -> file.toString().endsWith(".artifact")).sorted().toList();
        }
    }

    private long entries() throws Exception {
        return worker.get("/v1/artifacts/builds/stats").body().path("host").path("entries").asLong();
    }

    @Test
    void wholePartUnchangedAndHeadOfEachSize() throws Exception {
        for (int bytes : new int[]{131_071, 131_072, MIB, MIB + 1, 5 * MIB + 3}) {
            byte[] content = content(bytes, bytes);
            String path = CACHE + "size" + bytes;
            assertThat(put(path, content)).isEqualTo(201);
            for (int start = 0; start < 2; start++) {
                HttpResponse<byte[]> whole = get(worker, path);
                assertThat(whole.body()).isEqualTo(content);
                String tag = whole.headers().firstValue("ETag").orElseThrow();
                assertThat(tag).isEqualTo("\"" + sha256(content) + "\"");
                assertThat(get(worker, path, "If-None-Match", tag).statusCode()).isEqualTo(304);
                HttpResponse<byte[]> part =
                        get(worker, path, "Range", "bytes=%d-%d".formatted(bytes - 70_000 < 0 ? 5 : bytes - 70_000, bytes - 2));
                assertThat(part.statusCode()).isEqualTo(206);
                assertThat(part.body()).isEqualTo(Arrays.copyOfRange(content, Math.max(bytes - 70_000, 5), bytes - 1));
                assertThat(get(worker, path, "Range", "bytes=%d-".formatted(bytes)).statusCode()).isEqualTo(416);
                assertThat(get(worker, path, "Range", "bytes=-5").body()).isEqualTo(Arrays.copyOfRange(content, bytes - 5, bytes));
                HttpResponse<byte[]> head =
                        worker.client.send(HttpRequest.newBuilder(worker.uri(path)).HEAD().build(), BodyHandlers.ofByteArray());
                assertThat(head.headers().firstValue("Content-Length")).contains(Integer.toString(bytes));
                if (start == 0) {
                    awaitRegistered();
                    worker.close();
                    worker = worker(Map.of());
                }
            }
        }
        assertThat(files(worker)).as("those over 1 MiB").hasSize(2);
        assertThat(status("DELETE", CACHE + "size" + (MIB + 1), "")).isEqualTo(204);
        eventually(() -> files(worker).size() == 1);
    }

    /** Begins an upload and sends a part of it. */
    private Socket begin(String path, String length, byte[] body, int sent) throws IOException {
        Socket socket = new Socket(worker.uri("/").getHost(), worker.uri("/").getPort());
        OutputStream out = socket.getOutputStream();
        out.write(("PUT " + path + " HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(body, 0, sent);
        out.flush();
        return socket;
    }

    @Test
    void anUploadThatIsCutLeavesNothingAndItsRoomIsFree() throws Exception {
        worker.close();
        worker = worker(Map.of("artifacts-max-bytes", Integer.toString(3 * MIB)));
        byte[] content = content(1, 2 * MIB);
        for (int cut = 0; cut < 2 * MIB; cut += MIB / 5) {
            begin(CACHE + "cut" + cut, "Content-Length: " + content.length, content, cut).close();
            try (Socket socket = begin(
                    CACHE + "chunked" + cut,
                    "Transfer-Encoding: chunked",
                    (Integer.toHexString(content.length) + "\r\n").getBytes(StandardCharsets.US_ASCII),
                    8)) {
                socket.getOutputStream().write(content, 0, cut);
            }
        }
        eventually(() -> files(worker).isEmpty() && put(CACHE + "whole", content) < 300);
        assertThat(get(worker, CACHE + "whole").body()).isEqualTo(content);
        assertThat(entries()).isEqualTo(1);
        assertThat(files(worker)).hasSize(1);
    }

    @Test
    void whatArrivesCountsAtOnceAndIsRefusedBeforeItsEnd() throws Exception {
        registry.artifacts("small", 10, 2L * MIB);
        worker.close();
        worker = worker(Map.of("artifacts-max-bytes", Integer.toString(6 * MIB), "artifact-max-bytes", Integer.toString(5 * MIB)));
        assertThat(put(CACHE + "first", content(1, 2 * MIB))).isEqualTo(201);
        byte[] endless = content(2, 16 * MIB);
        byte[] chunk = (Integer.toHexString(endless.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        for (var refused : Map.of(CACHE + "full", "507", "/cache/small/large", "413").entrySet()) {
            // Neither upload comes to its end: the rest is never sent.
            try (Socket socket = begin(refused.getKey(), "Transfer-Encoding: chunked", chunk, chunk.length)) {
                socket.getOutputStream().write(endless, 0, endless.length - 1);
                assertThat(line(socket.getInputStream())).startsWith("HTTP/1.1 " + refused.getValue());
            }
        }
        // One that is under way leaves less for others.
        try (Socket socket = begin(CACHE + "slow", "Content-Length: " + 3 * MIB, endless, MIB)) {
            eventually(() -> files(worker).size() == 2);
            assertThat(put(CACHE + "second", content(3, 2 * MIB))).isEqualTo(507);
            assertThat(put(CACHE + "third", content(3, MIB / 2))).isEqualTo(201);
            socket.getOutputStream().write(endless, MIB, 2 * MIB);
            assertThat(line(socket.getInputStream())).startsWith("HTTP/1.1 201");
        }
        assertThat(get(worker, CACHE + "slow").body()).isEqualTo(Arrays.copyOf(endless, 3 * MIB));
        assertThat(files(worker)).hasSize(2);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            line.append((char) next);
        }
        return line.toString();
    }

    @Test
    void whatIsDeletedWhileItIsSentArrivesWhole() throws Exception {
        byte[] content = content(7, 24 * MIB);
        assertThat(put(CACHE + "sent", content)).isEqualTo(201);
        awaitRegistered();
        try (Socket socket = new Socket(worker.uri("/").getHost(), worker.uri("/").getPort())) {
            socket.getOutputStream()
                    .write(
                            ("GET " + CACHE + "sent HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            while (!line(in).equals("\r")) {
                // The head ends with an empty line.
            }
            assertThat(status("DELETE", CACHE + "sent", "")).isEqualTo(204);
            eventually(() -> files(worker).isEmpty());
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
        assertThat(status("GET", CACHE + "sent", "")).isEqualTo(404);
    }

    @Test
    void aLargeCopyFromAnotherHostIsKeptInAFileOnceForAllCallers() throws Exception {
        byte[] content = content(9, 6 * MIB);
        assertThat(put(CACHE + "copied", content)).isEqualTo(201);
        awaitRegistered();
        RunningWorker second = another();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<byte[]>> calls =
                    IntStream.range(0, 20).<Callable<byte[]>>mapToObj(caller -> () -> get(second, CACHE + "copied").body()).toList();
            for (Future<byte[]> call : callers.invokeAll(calls)) {
                assertThat(call.get()).isEqualTo(content);
            }
        }
        assertThat(files(second)).hasSize(1);
        eventually(() -> registry.rowsOf(new HostId("host-2")) == 1);
        assertThat(second.get("/v1/artifacts/builds/stats").body().path("host").path("puts").asInt()).isEqualTo(1);
        coordinator.close();
        worker.close();
        assertThat(get(second, CACHE + "copied").body()).isEqualTo(content);
    }

    /** A copy that the other host's limit does not allow is a miss, and one that was damaged is none at all. */
    @Test
    void aLargeCopyThatDoesNotFitOrIsDamagedLeavesNothing() throws Exception {
        byte[] content = content(9, 3 * MIB);
        assertThat(put(CACHE + "copied", content)).isEqualTo(201);
        awaitRegistered();
        try (RunningWorker second = new RunningWorker(
                folder.resolve("store-3"),
                coordinator.address().toString(),
                Map.of("host-id", "host-3", "artifacts-max-bytes", Integer.toString(2 * MIB))).joined()) {
            assertThat(get(second, CACHE + "copied").statusCode()).isEqualTo(404);
            assertThat(files(second)).isEmpty();
        }
        flip(files(worker).getFirst(), 2L * MIB);
        assertThat(get(another(), CACHE + "copied").statusCode()).isEqualTo(404);
        assertThat(get(worker, CACHE + "copied").statusCode()).isEqualTo(404);
        eventually(() -> files(worker).isEmpty());
    }

    private static void flip(Path file, long offset) throws IOException {
        try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
            random.seek(offset);
            int value = random.read();
            random.seek(offset);
            random.write(value ^ 0x10);
        }
    }

    /** One bit of one artifact of each kind, in memory, in a segment and in its own file, is flipped on the disk while the worker serves. */
    @Test
    @Tag("full")
    void noneOfManyRandomCorruptionsIsServed() throws Exception {
        Random random = new Random(23);
        Path segment = worker.data.resolve("artifacts/%016x.segment".formatted(0));
        long searched = 0;
        for (int round = 0; round < 128; round++) {
            byte[] packed = content(round, 140_000 + random.nextInt(100_000));
            byte[] alone = content(1_000 + round, MIB + 1 + random.nextInt(MIB));
            assertThat(put(CACHE + "packed" + round, packed)).isEqualTo(201);
            assertThat(put(CACHE + "alone" + round, alone)).isEqualTo(201);
            assertThat(get(worker, CACHE + "packed" + round).body()).isEqualTo(packed);
            assertThat(get(worker, CACHE + "alone" + round).body()).isEqualTo(alone);
            searched = at(segment, packed, searched);
            flip(segment, searched + random.nextInt(packed.length));
            flip(files(worker).getLast(), random.nextInt(alone.length));
            for (String path : new String[]{"packed" + round, "alone" + round}) {
                HttpResponse<byte[]> answer = get(worker, CACHE + path, "Range", "bytes=0-9");
                assertThat(answer.statusCode()).as(path).isEqualTo(404);
            }
        }
        assertThat(files(worker)).isEmpty();
        assertThat(worker.get("/v1/artifacts/builds/stats").body().path("host").path("damaged").asInt()).isEqualTo(256);
    }

    /** Returns where a content begins in a file, which is not far behind a place. */
    private static long at(Path file, byte[] content, long from) throws IOException {
        byte[] window = new byte[MIB];
        try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "r")) {
            random.seek(from);
            random.readFully(window);
        }
        String begin = new String(content, 0, 16, StandardCharsets.ISO_8859_1);
        return from + new String(window, StandardCharsets.ISO_8859_1).indexOf(begin);
    }
}
