package dev.spillway.service.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How long a connection may be open without a request, and that one with a request is left alone. */
class ConnectionsTest {
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String LIVEZ = "GET /livez HTTP/1.1\r\nHost: t\r\n\r\n";

    private static HttpLimits limits(int connectionsMax, Duration headerWithin, Duration idleMax) {
        return new HttpLimits(1 << 20, 8, 8, 8, LONG, LONG, Duration.ofSeconds(5),
                new HttpLimits.Connections(connectionsMax, headerWithin, idleMax));
    }

    @Test
    void aHeaderThatIsNotWholeInTimeIsAnsweredAndEndsTheConnection() throws Exception {
        try (var service = new RunningService(limits(9, SHORT, LONG))) {
            for (var begun : List.of("G", "GET /livez HTTP/1.1\r\nX: ", "\r\n")) {
                assertThat(service.raw(begun)).as(begun)
                        .startsWith("HTTP/1.1 408")
                        .containsIgnoringCase("connection: close")
                        .contains("urn:spillway:problem:request-timeout", "header: not whole (expected: all of it within PT0.5S)");
            }
        }
    }

    @Test
    void aHeaderThatCrawlsGetsNoMoreTime() throws Exception {
        try (var service = new RunningService(limits(9, SHORT, LONG)); var socket = service.connect()) {
            send(socket, LIVEZ);
            RunningService.readUntil(socket.getInputStream(), "}");
            send(socket, "GET /livez HTTP/1.1\r\nX: ");
            socket.setSoTimeout(20);
            assertThat(firstByteWhileSending(socket)).isEqualTo('H');
            socket.setSoTimeout(300_000);
            assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("TTP/1.1 408");
        }
    }

    private static int firstByteWhileSending(Socket socket) throws IOException {
        while (true) {
            try {
                return socket.getInputStream().read();
            } catch (SocketTimeoutException e) {
                send(socket, "x");
            }
        }
    }

    @Test
    void aConnectionWithoutARequestIsClosedWithoutAWord() throws Exception {
        try (var service = new RunningService(limits(9, LONG, SHORT)); var silent = service.connect(); var used = service.connect()) {
            send(used, LIVEZ);
            RunningService.readUntil(used.getInputStream(), "}");
            assertThat(used.getInputStream().read()).isEqualTo(-1);
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aRequestThatWaitsLongForItsAnswerIsLeftAlone() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var service = new RunningService(limits(9, SHORT, SHORT), Route.get("/long", request -> {
            goOn.await();
            return Response.ok("at last");
        })); var socket = service.connect()) {
            send(socket, "GET /long HTTP/1.1\r\nHost: t\r\n\r\n");
            outlastTheBounds(service);
            goOn.countDown();
            assertThat(RunningService.readUntil(socket.getInputStream(), "last\"")).startsWith("HTTP/1.1 200");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void anUploadThatPausesIsLeftAlone() throws Exception {
        var begun = new Semaphore(0);
        var route = Route.put("/tree", Body.json().orStream(1 << 20, List.of("application/x-tar")), request -> {
            begun.release();
            return Response.ok(request.stream().readAllBytes().length);
        });
        try (var service = new RunningService(limits(9, SHORT, SHORT), route); var socket = service.connect()) {
            send(socket, "PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-tar\r\nContent-Length: 6\r\n\r\nabc");
            begun.acquire();
            outlastTheBounds(service);
            send(socket, "def");
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n6")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void anUploadWhoseSenderWaitsToBeAskedIsLeftAlone() throws Exception {
        var route = Route.put("/tree", Body.json().orStream(1 << 20, List.of("application/x-tar")),
                request -> Response.ok(request.stream().readAllBytes().length));
        try (var service = new RunningService(limits(9, SHORT, SHORT), route); var socket = service.connect()) {
            send(socket,
                    "PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-tar\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 100");
            outlastTheBounds(service);
            send(socket, "abc");
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n3")).startsWith("HTTP/1.1 200");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void silentEventsAreLeftAlone() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var service = new RunningService(limits(9, SHORT, SHORT), Route.get("/events", request -> Response.events(out -> {
            goOn.await();
            out.send(null, "eviction", Map.of("key", "a"));
        }))); var socket = service.connect()) {
            send(socket, "GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
            RunningService.readUntil(socket.getInputStream(), ":\n\n");
            outlastTheBounds(service);
            goOn.countDown();
            RunningService.readUntil(socket.getInputStream(), "event: eviction\n");
        }
    }

    @Test
    void aClientThatTakesNothingOfItsAnswerIsLeft() throws Exception {
        var body = new byte[64 << 20];
        try (var service = new RunningService(limits(9, SHORT, SHORT), Route.get("/large", request -> Response.bytes("text/plain", body)));
                var socket = new Socket()) {
            socket.setReceiveBufferSize(64 << 10);
            socket.connect(new InetSocketAddress(service.service.address().host(), service.service.address().port()));
            socket.setSoTimeout(300_000);
            send(socket, "GET /large HTTP/1.1\r\nHost: t\r\n\r\n");
            RunningService.readUntil(socket.getInputStream(), "\r\n\r\n");
            outlastTheBounds(service);
            assertThat(bytesUntilTheEnd(socket.getInputStream())).isLessThan(body.length);
        }
    }

    @Test
    void aClientThatTakesItsAnswerSlowlyGetsAllOfIt() throws Exception {
        var body = new byte[64 << 20];
        try (var service = new RunningService(limits(9, SHORT, SHORT.multipliedBy(4)),
                Route.get("/large", request -> Response.bytes("text/plain", body))); var socket = service.connect()) {
            send(socket, "GET /large HTTP/1.1\r\nHost: t\r\n\r\n");
            RunningService.readUntil(socket.getInputStream(), "\r\n\r\n");
            // Each part is asked for after a fraction of the bound, all of them more than the bound.
            for (int part = 0; part < 8; part++) {
                assertThat(socket.getInputStream().readNBytes(8 << 20)).hasSize(8 << 20);
                try (var other = service.connect()) {
                    send(other, "G");
                    assertThat(bytesUntilTheEnd(other.getInputStream())).isPositive();
                }
            }
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** Some connections after each other that live as long as one may without a request. */
    private static void outlastTheBounds(RunningService service) throws IOException {
        for (int connection = 0; connection < 4; connection++) {
            try (var other = service.connect()) {
                assertThat(other.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    private static long bytesUntilTheEnd(InputStream in) throws IOException {
        long read = 0;
        var part = new byte[1 << 16];
        try {
            for (int bytes = in.read(part); bytes >= 0; bytes = in.read(part)) {
                read += bytes;
            }
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
        return read;
    }

    @Test
    void oneConnectionTooManyIsClosedUntilAnotherGoes() throws Exception {
        try (var service = new RunningService(limits(2, LONG, LONG)); var second = service.connect()) {
            try (var first = service.connect()) {
                for (var open : List.of(first, second)) {
                    assertThat(served(open)).isTrue();
                }
                try (var third = service.connect()) {
                    assertThat(served(third)).isFalse();
                }
            }
            boolean again = false;
            while (!again) {
                try (var next = service.connect()) {
                    again = served(next);
                }
            }
            assertThat(served(second)).isTrue();
        }
    }

    private static boolean served(Socket socket) throws IOException {
        try {
            send(socket, LIVEZ);
            return socket.getInputStream().read() == 'H' && RunningService.readUntil(socket.getInputStream(), "}").contains("200");
        } catch (SocketException e) {
            return false;
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
