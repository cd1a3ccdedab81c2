package dev.spillway.client.http;

import com.sun.net.httpserver.HttpServer;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.codec.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests the client against servers that answer, answer badly, do not answer, or do not exist. */
class JsonClientTest {
    record Greeting(String text) {}

    private static final Duration LONG = Duration.ofMinutes(5);

    private static final String PATH = "/a%2F..%2Fb/%2E%2E";

    private final JsonClient client = new JsonClient(Json.tolerant(), Duration.ofSeconds(2), 1000, ClientSecurity.NONE);
    private final List<String> seen = new ArrayList<>();

    @AfterEach
    void close() {
        client.close();
    }

    private static Call call(String method, Duration timeout) {
        return new Call(method, PATH, Optional.empty(), Map.of(), Set.of(), timeout);
    }

    @FunctionalInterface
    private interface Use {
        void with(ServerAddress server) throws Exception;
    }

    private void answering(int status, String body, Use use) throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            seen.add(
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath() + " "
                            + exchange.getRequestHeaders().getFirst("Idempotency-Key") + " "
                            + exchange.getRequestHeaders().getFirst("Content-Type") + " "
                            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.getResponseHeaders().add("Retry-After", "3");
            exchange.sendResponseHeaders(status, 0);
            exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try {
            use.with(ServerAddress.tcp("127.0.0.1", server.getAddress().getPort()));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void jsonGoesOutAndComesBackAndThePathStaysAsItIs() throws Exception {
        answering(200, "{\"text\":\"hello\",\"addedLater\":1}", server -> {
            assertThat(client.send(server, call("POST", LONG).body(new Greeting("hi")).idempotencyKey("k1"), Greeting.class))
                    .isEqualTo(new Outcome.Answer<>(200, new Greeting("hello")));
            assertThat(client.send(server, call("PUT", LONG).body(new Greeting("hi")), Greeting.class)).isInstanceOf(Outcome.Answer.class);
            assertThat(client.send(server, call("GET", LONG), Greeting.class)).isInstanceOf(Outcome.Answer.class);
            assertThat(client.send(server, call("DELETE", LONG), Greeting.class)).isInstanceOf(Outcome.Answer.class);
        });
        assertThat(seen).containsExactly(
                "POST /a%2F..%2Fb/%2E%2E k1 application/json {\"text\":\"hi\"}",
                "PUT /a%2F..%2Fb/%2E%2E null application/json {\"text\":\"hi\"}",
                "GET /a%2F..%2Fb/%2E%2E null null ",
                "DELETE /a%2F..%2Fb/%2E%2E null null ");
    }

    @Test
    void aRedirectToAnotherHostIsNotFollowedAndTheTokenStays() throws Exception {
        AtomicInteger elsewhere = new AtomicInteger();
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            elsewhere.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        List<String> shown = new ArrayList<>();
        HttpServer first = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        first.createContext("/", exchange -> {
            shown.add(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.getResponseHeaders().add("Location", "http://localhost:" + other.getAddress().getPort() + "/a");
            exchange.sendResponseHeaders(Integer.parseInt(exchange.getRequestURI().getPath().substring(1)), -1);
            exchange.close();
        });
        other.start();
        first.start();
        try (JsonClient known = new JsonClient(Json.tolerant(), Duration.ofSeconds(2), 1000, new ClientSecurity("canary", null))) {
            for (String method : List.of("GET", "PUT")) {
                for (int status : new int[]{301, 302, 303, 307, 308}) {
                    Call call = new Call(method, "/" + status, Optional.empty(), Map.of(), Set.of(), LONG);
                    assertThat(known.send(ServerAddress.tcp("127.0.0.1", first.getAddress().getPort()), call, Greeting.class))
                            .isInstanceOf(Outcome.Unknown.class);
                }
            }
        } finally {
            first.stop(0);
            other.stop(0);
        }
        assertThat(shown).hasSize(10).containsOnly("Bearer canary");
        assertThat(elsewhere).hasValue(0);
    }

    @Test
    void aCallInAMessageShowsNoHeader() {
        Call call = new Call("DELETE", "/v1/a", Optional.empty(), Map.of(), Set.of(), LONG).header("Spillway-Client-Token", "canary");
        assertThat(call).hasToString("DELETE /v1/a");
    }

    @Test
    void aProblemIsRead() throws Exception {
        var problem =
                "{\"type\":\"urn:spillway:problem:overloaded\",\"title\":\"Busy\",\"status\":503,\"detail\":\"queue full\",\"queue\":7}";
        answering(
                503,
                problem,
                server -> assertThat(client.send(server, call("GET", LONG), Greeting.class)).isEqualTo(
                        new Outcome.Refused<>(
                                Problem.of(ProblemType.OVERLOADED, "queue full")
                                        .retryAfter(Duration.ofSeconds(3))
                                        .with("queue", Json.strict().readTree("7")))));
    }

    @Test
    void anErrorThatIsNoProblemIsStillARefusal() throws Exception {
        answering(
                502,
                "<html>",
                server -> assertThat(client.send(server, call("GET", LONG), Greeting.class))
                        .isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
                            assertThat(refused.problem().status()).isEqualTo(502);
                            assertThat(refused.problem().type()).isEqualTo(ProblemType.OTHER);
                        }));
    }

    @Test
    void anAnswerThatCannotBeReadLeavesTheOutcomeUnknown() throws Exception {
        answering(
                200,
                "{\"text\":7}",
                server -> assertThat(client.send(server, call("GET", LONG), Greeting.class)).isInstanceOfSatisfying(
                        Outcome.Unknown.class,
                        unknown -> assertThat(unknown.why()).contains("answered 200").contains("text: 7 (expected: a text)")));
    }

    @Test
    void anAnswerOverTheBoundIsNotAskedForAgainAndLeavesTheOutcomeOfAChangeUnknown() throws Exception {
        answering(200, "{\"text\":\"" + "x".repeat(2000) + "\"}", server -> {
            assertThat(client.send(server, call("GET", LONG), Greeting.class)).isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
                assertThat(refused.problem().type()).isEqualTo(ProblemType.TOO_LARGE);
                assertThat(refused.problem().detail()).contains("answerBytesMax");
                assertThat(refused.problem().retryAfter()).isEmpty();
            });
            assertThat(client.send(server, call("POST", LONG), Greeting.class)).isInstanceOf(Outcome.Unknown.class);
        });
    }

    @Test
    void nobodyListeningIsSurelyNotDone() throws Exception {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        assertThat(client.send(ServerAddress.tcp("127.0.0.1", port), call("POST", LONG).body(new Greeting("hi")), Greeting.class))
                .isInstanceOfSatisfying(
                        Outcome.Unreachable.class,
                        unreachable -> assertThat(unreachable.why())
                                .isEqualTo("POST http://127.0.0.1:" + port + PATH + ": not reachable: connection refused"));
        assertThat(client.send(ServerAddress.tcp("no-such-host.invalid", 80), call("GET", LONG), Greeting.class))
                .isInstanceOf(Outcome.Unreachable.class);
    }

    @Test
    void aConnectionThatBreaksAfterTheRequestLeavesTheOutcomeUnknown() throws Exception {
        talking(
                (in, socket) -> in.readNBytes(20),
                server -> assertThat(client.send(server, call("POST", LONG).body(new Greeting("hi")), Greeting.class))
                        .isInstanceOfSatisfying(Outcome.Unknown.class, unknown -> assertThat(unknown.why()).contains("sent, no answer")));
    }

    @Test
    void anAnswerThatBreaksOffInItsBodyLeavesTheOutcomeUnknown() throws Exception {
        talking((in, socket) -> {
            in.readNBytes(20);
            socket.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".getBytes(StandardCharsets.UTF_8));
        },
                server -> assertThat(client.send(server, call("POST", LONG).body(new Greeting("hi")), Greeting.class))
                        .isInstanceOf(Outcome.Unknown.class));
    }

    @Test
    void silenceLeavesTheOutcomeUnknownAfterTheTimeoutEvenInTheMiddleOfABody() throws Exception {
        for (var begun : List.of("", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")) {
            var over = new CountDownLatch(1);
            talking((in, socket) -> {
                in.readNBytes(20);
                socket.getOutputStream().write(begun.getBytes(StandardCharsets.UTF_8));
                over.await();
            }, server -> {
                assertThat(client.send(server, call("GET", Duration.ofMillis(200)), Greeting.class))
                        .isEqualTo(new Outcome.Unknown<>("GET " + server + PATH + ": no answer in PT0.2S"));
                over.countDown();
            });
        }
    }

    @Test
    void anInterruptedCallerIsTold() throws Exception {
        var caller = Thread.currentThread();
        var over = new CountDownLatch(1);
        talking((in, socket) -> {
            in.readNBytes(20);
            caller.interrupt();
            over.await();
        }, server -> {
            assertThatThrownBy(() -> client.send(server, call("GET", LONG), Greeting.class)).isInstanceOf(InterruptedException.class);
            over.countDown();
        });
    }

    @FunctionalInterface
    private interface Talk {
        void with(InputStream in, Socket socket) throws IOException, InterruptedException;
    }

    /** Runs a server that accepts one connection, does what {@code talk} says, and closes the connection. */
    private static void talking(Talk talk, Use use) throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var thread = Thread.ofVirtual().start(() -> {
                try (var socket = server.accept()) {
                    talk.with(socket.getInputStream(), socket);
                } catch (IOException | InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            use.with(ServerAddress.tcp("127.0.0.1", server.getLocalPort()));
            thread.join();
        }
    }
}
