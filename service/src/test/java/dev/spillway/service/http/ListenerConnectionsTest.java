package dev.spillway.service.http;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests that only connections without a request are closed after a time limit, and that open connections are capped. */
class ListenerConnectionsTest {
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String LIVEZ = "GET /livez HTTP/1.1\r\nHost: t\r\n\r\n";

    private static HttpLimits limits(int connectionsMax, Duration idleMax) {
        return new HttpLimits(1 << 20, 8, 8, 8, LONG, LONG, Duration.ofSeconds(5), connectionsMax, idleMax, Duration.ZERO);
    }

    @Test
    void aConnectionWhoseHeaderIsNotWholeInTimeIsClosed() throws Exception {
        try (var service = new RunningService(limits(9, SHORT))) {
            for (var begun : List.of("G", "GET /livez HTTP/1.1\r\nX: ", "\r\n")) {
                assertThat(service.raw(begun)).as(begun).isEmpty();
            }
        }
    }

    @Test
    void aHeaderThatCrawlsGetsNoMoreTime() throws Exception {
        try (var service = new RunningService(limits(9, SHORT)); var socket = service.connect()) {
            send(socket, LIVEZ);
            RunningService.readUntil(socket.getInputStream(), "}");
            send(socket, "GET /livez HTTP/1.1\r\nX: ");
            socket.setSoTimeout(20);
            assertThat(isClosedWhileSending(socket)).isTrue();
        }
    }

    private static boolean isClosedWhileSending(Socket socket) throws IOException {
        while (true) {
            try {
                return socket.getInputStream().read() < 0;
            } catch (SocketTimeoutException e) {
                try {
                    send(socket, "x");
                } catch (SocketException closed) {
                    return true;
                }
            } catch (SocketException closed) {
                return true;
            }
        }
    }

    @Test
    void aConnectionWithoutARequestIsClosedWithoutAWord() throws Exception {
        try (var service = new RunningService(limits(9, SHORT)); var silent = service.connect(); var used = service.connect()) {
            send(used, LIVEZ);
            RunningService.readUntil(used.getInputStream(), "}");
            assertThat(used.getInputStream().read()).isEqualTo(-1);
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aRequestThatWaitsLongForItsAnswerIsLeftAlone() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var service = new RunningService(limits(9, SHORT), RunningService.get("/long", request -> {
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
        var route = RunningService.put("/tree", endpoint -> endpoint.json().stream(1 << 20, List.of("application/x-tar")), request -> {
            begun.release();
            return Response.ok(request.stream().readAllBytes().length);
        });
        try (var service = new RunningService(limits(9, SHORT), route); var socket = service.connect()) {
            send(socket, "PUT /tree HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-tar\r\nContent-Length: 6\r\n\r\nabc");
            begun.acquire();
            outlastTheBounds(service);
            send(socket, "def");
            assertThat(RunningService.readUntil(socket.getInputStream(), "\r\n\r\n6")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void anUploadWhoseSenderWaitsToBeAskedIsLeftAlone() throws Exception {
        var route = RunningService.put(
                "/tree",
                endpoint -> endpoint.json().stream(1 << 20, List.of("application/x-tar")),
                request -> Response.ok(request.stream().readAllBytes().length));
        try (var service = new RunningService(limits(9, SHORT), route); var socket = service.connect()) {
            send(
                    socket,
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
        try (var service = new RunningService(limits(9, SHORT), RunningService.get("/events", request -> Response.events(out -> {
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

    /** Waits until four idle connections, one after the other, have reached their time limit and are closed. */
    private static void outlastTheBounds(RunningService service) throws IOException {
        for (int connection = 0; connection < 4; connection++) {
            try (var other = service.connect()) {
                assertThat(other.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void oneConnectionTooManyIsClosedUntilAnotherGoes() throws Exception {
        try (var service = new RunningService(limits(2, LONG)); var second = service.connect()) {
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

    @Test
    void thousandsOfIdleConnectionsLeaveOthersServed() throws Exception {
        int most = 2_000;
        List<Socket> idle = new ArrayList<>();
        try (var service = new RunningService(limits(most, LONG)); var first = service.connect()) {
            assertThat(served(first)).isTrue();
            try {
                while (idle.size() < most - 2) {
                    idle.add(service.connect());
                    assertThat(served(idle.getLast())).isTrue();
                }
                try (var last = service.connect()) {
                    assertThat(served(last)).isTrue();
                    for (int more = 0; more < 1_000; more++) {
                        try (var refused = service.connect()) {
                            assertThat(served(refused)).isFalse();
                        }
                    }
                    assertThat(served(last)).isTrue();
                    assertThat(served(first)).isTrue();
                }
            } finally {
                for (Socket each : idle) {
                    each.close();
                }
            }
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
