package dev.spillway.service.client;

import com.sun.net.httpserver.HttpServer;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.Json;
import dev.spillway.service.client.JsonClient.Call;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Against servers that answer, answer badly, do not answer and are not there. */
class JsonClientTest {
    record Greeting(String text) {}

    private static final Duration LONG = Duration.ofMinutes(5);

    private final JsonClient client = new JsonClient(Json.tolerant(), Duration.ofSeconds(2), 1000);
    private final List<String> seen = new ArrayList<>();

    @AfterEach
    void close() {
        client.close();
    }

    @FunctionalInterface
    private interface Use {
        void with(URI uri) throws Exception;
    }

    private void answering(int status, String body, Use use) throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath() + " "
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
            use.with(URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/a%2F..%2Fb/%2E%2E"));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void jsonGoesOutAndComesBackAndThePathStaysAsItIs() throws Exception {
        answering(200, "{\"text\":\"hello\",\"addedLater\":1}", uri -> {
            assertThat(client.send(Call.post(uri, new Greeting("hi"), LONG).idempotencyKey("k1"), Greeting.class))
                    .isEqualTo(new Outcome.Answer<>(200, new Greeting("hello")));
            assertThat(client.send(Call.put(uri, new Greeting("hi"), LONG), Greeting.class)).isInstanceOf(Outcome.Answer.class);
            assertThat(client.send(Call.get(uri, LONG), Greeting.class)).isInstanceOf(Outcome.Answer.class);
            assertThat(client.send(Call.delete(uri, LONG), Greeting.class)).isInstanceOf(Outcome.Answer.class);
        });
        assertThat(seen).containsExactly("POST /a%2F..%2Fb/%2E%2E k1 application/json {\"text\":\"hi\"}",
                "PUT /a%2F..%2Fb/%2E%2E null application/json {\"text\":\"hi\"}",
                "GET /a%2F..%2Fb/%2E%2E null null ", "DELETE /a%2F..%2Fb/%2E%2E null null ");
    }

    @Test
    void aProblemIsRead() throws Exception {
        var problem =
                "{\"type\":\"urn:spillway:problem:overloaded\",\"title\":\"Busy\",\"status\":503,\"detail\":\"queue full\",\"queue\":7}";
        answering(503, problem, uri -> assertThat(client.send(Call.get(uri, LONG), Greeting.class)).isEqualTo(new Outcome.Refused<>(
                Problem.of(ProblemType.OVERLOADED, "queue full")
                        .retryAfter(Duration.ofSeconds(3))
                        .with("queue", Json.strict().readTree("7")))));
    }

    @Test
    void anErrorThatIsNoProblemIsStillARefusal() throws Exception {
        answering(502, "<html>", uri -> assertThat(client.send(Call.get(uri, LONG), Greeting.class))
                .isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
                    assertThat(refused.problem().status()).isEqualTo(502);
                    assertThat(refused.problem().type()).isEqualTo(ProblemType.OTHER);
                }));
    }

    @Test
    void anAnswerThatCannotBeReadLeavesTheOutcomeUnknown() throws Exception {
        answering(200, "{\"text\":7}",
                uri -> assertThat(client.send(Call.get(uri, LONG), Greeting.class)).isInstanceOfSatisfying(Outcome.Unknown.class,
                        unknown -> assertThat(unknown.why()).contains("answered 200").contains("text: 7 (expected: a text)")));
        answering(200, "{\"text\":\"" + "x".repeat(2000) + "\"}",
                uri -> assertThat(client.send(Call.get(uri, LONG), Greeting.class)).isInstanceOf(Outcome.Unknown.class));
    }

    @Test
    void nobodyListeningIsSurelyNotDone() throws Exception {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        assertThat(client.send(Call.post(URI.create("http://127.0.0.1:" + port + "/x"), new Greeting("hi"), LONG), Greeting.class))
                .isInstanceOfSatisfying(Outcome.Unreachable.class,
                        unreachable -> assertThat(unreachable.why())
                                .isEqualTo("POST http://127.0.0.1:" + port + "/x: not reachable: connection refused"));
        assertThat(client.send(Call.get(URI.create("http://no-such-host.invalid/x"), LONG), Greeting.class))
                .isInstanceOf(Outcome.Unreachable.class);
    }

    @Test
    void aConnectionThatBreaksAfterTheRequestLeavesTheOutcomeUnknown() throws Exception {
        talking((in, socket) -> in.readNBytes(20), uri -> assertThat(client.send(Call.post(uri, new Greeting("hi"), LONG), Greeting.class))
                .isInstanceOfSatisfying(Outcome.Unknown.class, unknown -> assertThat(unknown.why()).contains("sent, no answer")));
    }

    @Test
    void anAnswerThatBreaksOffInItsBodyLeavesTheOutcomeUnknown() throws Exception {
        talking((in, socket) -> {
            in.readNBytes(20);
            socket.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".getBytes(StandardCharsets.UTF_8));
        }, uri -> assertThat(client.send(Call.post(uri, new Greeting("hi"), LONG), Greeting.class)).isInstanceOf(Outcome.Unknown.class));
    }

    @Test
    void silenceLeavesTheOutcomeUnknownAfterTheTimeoutEvenInTheMiddleOfABody() throws Exception {
        for (var begun : List.of("", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")) {
            var over = new CountDownLatch(1);
            talking((in, socket) -> {
                in.readNBytes(20);
                socket.getOutputStream().write(begun.getBytes(StandardCharsets.UTF_8));
                over.await();
            }, uri -> {
                assertThat(client.send(Call.get(uri, Duration.ofMillis(200)), Greeting.class))
                        .isEqualTo(new Outcome.Unknown<>("GET " + uri + ": no answer in PT0.2S"));
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
        }, uri -> {
            assertThatThrownBy(() -> client.send(Call.get(uri, LONG), Greeting.class)).isInstanceOf(InterruptedException.class);
            over.countDown();
        });
    }

    @FunctionalInterface
    private interface Talk {
        void with(InputStream in, Socket socket) throws IOException, InterruptedException;
    }

    /** A server that takes one connection, behaves as told and closes it. */
    private static void talking(Talk talk, Use use) throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var thread = Thread.ofVirtual().start(() -> {
                try (var socket = server.accept()) {
                    talk.with(socket.getInputStream(), socket);
                } catch (IOException | InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            use.with(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/x"));
            thread.join();
        }
    }
}
