package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.codec.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests downloads, uploads and event streams, also when the other side is slow or gone. */
class StreamsTest {
    private static final int MIB = 1 << 20;
    private static final String GET = " HTTP/1.1\r\nHost: t\r\n\r\n";

    /** Writes a number of bytes and counts them. Records its failure, and whether it was closed on an interrupted thread. */
    private static final class Download implements Response.StreamedBody {
        private final long bytes;
        private final AtomicLong written = new AtomicLong();
        private final CompletableFuture<Boolean> closedUninterrupted = new CompletableFuture<>();
        private final CompletableFuture<IOException> failure = new CompletableFuture<>();

        Download(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            var block = new byte[10_000];
            try {
                while (written.get() < bytes) {
                    int part = (int) Math.min(block.length, bytes - written.get());
                    out.write(block, 0, part);
                    written.addAndGet(part);
                }
            } catch (IOException e) {
                failure.complete(e);
                throw e;
            }
        }

        @Override
        public void close() {
            closedUninterrupted.complete(!Thread.currentThread().isInterrupted());
        }
    }

    @Test
    void aDownloadArrivesWhole() throws Exception {
        var download = new Download(50L * MIB + 17);
        try (var service = new RunningService(RunningService.get("/tree", request -> Response.stream("application/x-tar", download)))) {
            var answer = service.client.send(HttpRequest.newBuilder(service.uri("/tree")).build(), BodyHandlers.ofInputStream());
            assertThat(answer.headers().firstValue("Content-Type")).contains("application/x-tar");
            assertThat(count(answer.body())).isEqualTo(50L * MIB + 17);
            assertThat(download.closedUninterrupted.get()).isTrue();
        }
    }

    @Test
    void aDownloadOfKnownLengthSaysIt() throws Exception {
        try (var service = new RunningService(
                RunningService.get(
                        "/artifact",
                        request -> Response.stream("application/octet-stream", new Download(200_000))
                                .header("Content-Length", "200000")))) {
            var answer = service.client.send(HttpRequest.newBuilder(service.uri("/artifact")).build(), BodyHandlers.ofByteArray());
            assertThat(answer.headers().firstValue("Content-Length")).contains("200000");
            assertThat(answer.body()).hasSize(200_000);
            var head = service.client.send(HttpRequest.newBuilder(service.uri("/artifact")).HEAD().build(), BodyHandlers.ofByteArray());
            assertThat(head.headers().firstValue("Content-Length")).contains("200000");
        }
    }

    @Test
    void aSlowClientSlowsTheWriterDownAndItsLeavingEndsIt() throws Exception {
        var download = new Download(Long.MAX_VALUE);
        try (var service = new RunningService(RunningService.get("/tree", request -> Response.stream("application/x-tar", download)))) {
            try (var socket = service.connect()) {
                socket.getOutputStream().write(("GET /tree" + GET).getBytes(StandardCharsets.UTF_8));
                assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200");
                // The client reads no more. So the writer stops once the buffers are full.
                assertThat(settled(download.written)).isLessThan(64L * MIB);
            }
            assertThat(download.failure.get()).isInstanceOf(IOException.class);
            assertThat(download.closedUninterrupted.get()).isTrue();
        }
    }

    /** Waits until a counter has stayed the same for 20 checks, and returns its value. */
    private static long settled(AtomicLong counter) throws InterruptedException {
        long last = -1;
        for (int unchanged = 0; unchanged < 20;) {
            long now = counter.get();
            unchanged = now == last && now > 0 ? unchanged + 1 : 0;
            last = now;
            new CountDownLatch(1).await(10, MILLISECONDS);
        }
        return last;
    }

    @Test
    void aClientThatTakesNothingForTooLongIsGivenUp() throws Exception {
        var download = new Download(Long.MAX_VALUE);
        var limits = RunningService.LIMITS.withPauseMax(Duration.ofMillis(200));
        try (var service =
                new RunningService(limits, RunningService.get("/tree", request -> Response.stream("application/x-tar", download)));
                var socket = service.connect()) {
            socket.getOutputStream().write(("GET /tree" + GET).getBytes(StandardCharsets.UTF_8));
            assertThat(download.failure.get()).hasMessageContaining("took nothing for PT0.2S");
        }
    }

    @Test
    void aDownloadThatFailsEarlyIsStillAnsweredAndOneThatFailsLateIsBrokenOff() throws Exception {
        try (var service = new RunningService(RunningService.get("/early", request -> Response.stream("application/x-tar", out -> {
            out.write(new byte[100]);
            throw Problem.of(ProblemType.GENERATION_GONE, "tree: changed (expected: unchanged)").exception();
        })), RunningService.get("/late", request -> Response.stream("application/x-tar", out -> {
            out.write(new byte[MIB]);
            throw new IOException("disk gone");
        })))) {
            assertThat(service.get("/early").statusCode()).isEqualTo(409);
            assertThatThrownBy(() -> service.get("/late")).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anUploadReachesTheHandlerWhole() throws Exception {
        var sent = new byte[30 * MIB];
        for (int index = 0; index < sent.length; index++) {
            sent[index] = (byte) (index * 31 >>> 3);
        }
        var expected = new CRC32();
        expected.update(sent);
        try (var service =
                new RunningService(RunningService.put("/tree", endpoint -> endpoint.stream(40L * MIB, List.of(Endpoint.ANY)), request -> {
                    var sum = new CRC32();
                    sum.update(request.stream().readAllBytes());
                    return Response.ok(Map.of("sum", sum.getValue()));
                }))) {
            var answer = service.client.send(
                    HttpRequest.newBuilder(service.uri("/tree"))
                            .PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(sent)))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.body()).isEqualTo("{\"sum\":" + expected.getValue() + "}");
        }
    }

    @Test
    void anUploadIsTakenNoFasterThanItsHandlerReads() throws Exception {
        var reading = new CountDownLatch(1);
        try (var service = new RunningService(
                RunningService.put("/tree", endpoint -> endpoint.stream(Long.MAX_VALUE, List.of(Endpoint.ANY)), request -> {
                    reading.await();
                    return Response.noContent();
                })); var socket = service.connect()) {
            var written = new AtomicLong();
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    var out = socket.getOutputStream();
                    out.write("PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000000000\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                    while (true) {
                        out.write(new byte[8192]);
                        written.addAndGet(8192);
                    }
                } catch (IOException e) {
                    reading.countDown();
                }
            });
            assertThat(settled(written)).isLessThan(64L * MIB);
            // The handler answers without reading the body. The service reads a bounded part of the rest, then closes the connection.
            reading.countDown();
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 204");
            writer.join();
        }
    }

    @Test
    void anUploadOfUnknownLengthIsStoppedAtItsBound() throws Exception {
        try (var service = new RunningService(
                RunningService.put(
                        "/tree",
                        endpoint -> endpoint.stream(100_000, List.of(Endpoint.ANY)),
                        request -> Response.ok(request.stream().readAllBytes().length)))) {
            var publisher = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[200_000]));
            var answer = service.client.send(HttpRequest.newBuilder(service.uri("/tree")).PUT(publisher).build(), BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(413);
            assertThat(answer.body()).contains("body: over 100000 bytes");
        }
    }

    @Test
    void aClientThatLeavesInTheMiddleOfAnUploadEndsTheRead() throws Exception {
        var outcome = new CompletableFuture<Throwable>();
        try (var service =
                new RunningService(RunningService.put("/tree", endpoint -> endpoint.stream(MIB, List.of(Endpoint.ANY)), request -> {
                    try {
                        return Response.ok(request.stream().readAllBytes().length);
                    } catch (IOException e) {
                        outcome.complete(e);
                        throw e;
                    }
                }))) {
            try (var socket = service.connect()) {
                socket.getOutputStream()
                        .write("PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc".getBytes(StandardCharsets.UTF_8));
            }
            assertThat(outcome.get()).hasMessageContaining("the client is gone in the middle of the body");
        }
    }

    @Test
    void aSenderThatPausesTooLongGetsATimeout() throws Exception {
        var limits = RunningService.LIMITS.withPauseMax(Duration.ofMillis(200));
        try (var service = new RunningService(
                limits,
                RunningService.put(
                        "/tree",
                        endpoint -> endpoint.json().stream(MIB, List.of("application/x-tar")),
                        request -> Response.ok(request.stream().readAllBytes().length)))) {
            for (var mediaType : List.of("application/json", "application/x-tar")) {
                try (var socket = service.connect()) {
                    socket.getOutputStream()
                            .write(
                                    ("PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: " + mediaType + "\r\nContent-Length: 1000\r\n\r\nabc")
                                            .getBytes(StandardCharsets.UTF_8));
                    assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 408");
                }
            }
        }
    }

    /** No pause is too long, so only the time for a whole gathered body ends it. A streamed body has no such limit, because it holds no memory. */
    @Test
    void aGatheredBodyThatArrivesByteByByteEndsAndAStreamedOneGoesOn() throws Exception {
        var limits = RunningService.LIMITS.withBodyBytesMax(1 << 20).withPauseMax(Duration.ofMillis(500));
        try (var service = new RunningService(
                limits,
                RunningService.put(
                        "/tree",
                        endpoint -> endpoint.json(1 << 20).stream(MIB, List.of("application/x-tar")),
                        request -> Response.ok(request.isStreamed() ? request.stream().readAllBytes().length : 0)));
                var streamed = service.connect();
                var gathered = service.connect()) {
            for (var socket : List.of(streamed, gathered)) {
                socket.getOutputStream()
                        .write(
                                ("PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: application/"
                                        + (socket.equals(gathered) ? "json" : "x-tar")
                                        + "\r\nContent-Length: 1000000\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                socket.setSoTimeout(20);
            }
            int answered = -1;
            while (answered < 0) {
                gathered.getOutputStream().write('1');
                streamed.getOutputStream().write('1');
                try {
                    answered = gathered.getInputStream().read();
                } catch (SocketTimeoutException e) {
                    // No answer has arrived. The timeout spaces the bytes.
                }
            }
            assertThat(RunningService.readUntil(gathered.getInputStream(), "}")).startsWith("TTP/1.1 408")
                    .contains("all of it within PT2S");
            assertThatThrownBy(() -> streamed.getInputStream().read()).as("not answered").isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void aBodyThatGoesOnIsTakenHoweverSlowItIs() throws Exception {
        var limits = RunningService.LIMITS.withPauseMax(Duration.ofSeconds(2));
        try (var service =
                new RunningService(limits, RunningService.put("/tree", Endpoint::json, request -> Response.ok(request.bytes().length)));
                var socket = service.connect()) {
            var out = socket.getOutputStream();
            out.write(
                    "PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
                            .getBytes(StandardCharsets.UTF_8));
            // The whole body takes longer than the longest allowed pause. Each pause is much shorter.
            for (int sent = 0; sent < 15; sent++) {
                new CountDownLatch(1).await(150, MILLISECONDS);
                out.write('1');
            }
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n15")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void eventsArriveOneByOneWithHeartbeatsBetween() throws Exception {
        var events = new LinkedBlockingQueue<String>();
        var limits = RunningService.LIMITS.withHeartbeat(Duration.ofMillis(50));
        try (var service = new RunningService(limits, RunningService.get("/events", request -> {
            var from = request.header("Last-Event-ID").orElse("0");
            return Response.events(out -> {
                out.send(from, "start", Map.of("from", from));
                while (true) {
                    out.send(null, "eviction", Map.of("key", events.take()));
                }
            });
        })); var socket = service.connect()) {
            socket.getOutputStream().write("GET /events HTTP/1.1\r\nHost: t\r\nLast-Event-ID: 41\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            var in = socket.getInputStream();
            assertThat(RunningService.readUntil(in, "\r\n\r\n")).contains("text/event-stream");
            assertThat(RunningService.readUntil(in, "data: {\"from\":\"41\"}\n\n")).contains("id: 41\nevent: start\n");
            assertThat(RunningService.readUntil(in, ":\n\n")).contains(":\n\n");
            events.add("a\nb");
            assertThat(RunningService.readUntil(in, "data: {\"key\":\"a\\nb\"}\n\n")).contains("event: eviction\n");
        }
    }

    @Test
    void aClientThatLeavesEndsItsEventSource() throws Exception {
        var ended = new CompletableFuture<Boolean>();
        try (var service = new RunningService(RunningService.get("/events", request -> Response.events(out -> {
            try {
                new CountDownLatch(1).await();
            } finally {
                ended.complete(true);
            }
        })))) {
            try (var socket = service.connect()) {
                socket.getOutputStream().write(("GET /events" + GET).getBytes(StandardCharsets.UTF_8));
                RunningService.readUntil(socket.getInputStream(), ":\n\n");
            }
            assertThat(ended.get()).isTrue();
        }
    }

    @Test
    void closingEndsEventStreamsAtOnceAndLetsADownloadEnd() throws Exception {
        var goOn = new CountDownLatch(1);
        var service = new RunningService(
                RunningService.get("/events", request -> Response.events(out -> new CountDownLatch(1).await())),
                RunningService.get("/tree", request -> Response.stream("application/x-tar", out -> {
                    out.write(new byte[100_000]);
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    out.write(new byte[100_000]);
                })));
        try (var events = service.connect()) {
            events.getOutputStream().write(("GET /events" + GET).getBytes(StandardCharsets.UTF_8));
            RunningService.readUntil(events.getInputStream(), ":\n\n");
            var download = service.client.send(HttpRequest.newBuilder(service.uri("/tree")).build(), BodyHandlers.ofInputStream());
            var closing = Thread.ofVirtual().start(service.service::close);
            assertThat(new String(events.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).endsWith("0\r\n\r\n");
            assertThat(closing.isAlive()).isTrue();
            goOn.countDown();
            assertThat(count(download.body())).isEqualTo(200_000);
            closing.join();
        } finally {
            service.close();
        }
    }

    @Test
    void oneStreamTooManyIsRefusedAndItsBodyClosed() throws Exception {
        var first = new Download(Long.MAX_VALUE);
        var second = new Download(10);
        var limits = RunningService.LIMITS.withStreamsMax(1).withCloseWithin(Duration.ofMillis(100));
        try (var service = new RunningService(
                limits,
                RunningService.get("/first", request -> Response.stream("application/x-tar", first)),
                RunningService.get("/second", request -> Response.stream("application/x-tar", second))); var socket = service.connect()) {
            socket.getOutputStream().write(("GET /first" + GET).getBytes(StandardCharsets.UTF_8));
            RunningService.readUntil(socket.getInputStream(), "\r\n\r\n");
            var refused = service.get("/second");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            assertThat(second.closedUninterrupted.get()).isTrue();
            assertThat(Json.strict().readTree(refused.body()).path("type").asText()).isEqualTo("urn:spillway:problem:overloaded");
        }
    }

    private static long count(InputStream in) throws IOException {
        return in.transferTo(OutputStream.nullOutputStream());
    }
}
