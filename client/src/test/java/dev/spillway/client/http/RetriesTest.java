package dev.spillway.client.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.client.NotReachableException;
import dev.spillway.client.OutcomeUnknownException;
import dev.spillway.events.codec.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Tests retries against a server that follows a script, one step per request. The last step repeats. */
class RetriesTest {
    record Done(boolean done) {}

    @FunctionalInterface
    private interface Step {
        void answer(HttpExchange exchange) throws IOException;
    }

    private static final Step LOST = HttpExchange::close;
    private static final Step DONE = exchange -> send(exchange, 200, "{\"done\":true}");

    private final JsonClient client = new JsonClient(Json.tolerant(), Duration.ofSeconds(2), 1_000, ClientSecurity.NONE);
    private final List<String> keys = new CopyOnWriteArrayList<>();
    private final List<Step> script = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Idempotency-Key")));
            exchange.getRequestBody().readAllBytes();
            script.get(Math.min(keys.size(), script.size()) - 1).answer(exchange);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static Step refused(Problem problem) {
        return exchange -> {
            problem.retryAfter().ifPresent(after -> exchange.getResponseHeaders().set("Retry-After", Long.toString(after.toSeconds())));
            send(exchange, problem.status(), problem.toJson().toString());
        };
    }

    private Retries retries(Duration patience, Step... steps) {
        script.addAll(Arrays.asList(steps));
        return new Retries(new Servers(client, List.of(ServerAddress.tcp("127.0.0.1", server.getAddress().getPort()))), patience);
    }

    private static Call put() {
        return Call.of(CoordinatorApi.PUT_ENTRY.at("vm", "a"), Duration.ofSeconds(20)).body(new Done(false));
    }

    @Test
    void aChangeIsSentAgainUnderItsKeyUntilItsOutcomeIsKnown() throws Exception {
        Retries retries = retries(
                Duration.ofSeconds(60),
                LOST,
                refused(Problem.of(ProblemType.OUTCOME_UNKNOWN, "lost")),
                refused(Problem.of(ProblemType.REGISTRY_BUSY, "busy").retryAfter(Duration.ofSeconds(0))),
                DONE);
        assertThat(retries.send(put(), Done.class)).isEqualTo(new Done(true));
        assertThat(keys).hasSize(4).doesNotContain("null");
        assertThat(new HashSet<>(keys)).hasSize(1);
        assertThat(retries.send(put(), Done.class)).isEqualTo(new Done(true));
        assertThat(keys.getLast()).as("another request has another key").isNotEqualTo(keys.getFirst());
    }

    @Test
    void unknownReachesTheCallerWhenNobodyAnswersInTime() {
        Retries retries = retries(Duration.ofMillis(300), LOST);
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(() -> retries.send(put(), Done.class));
        assertThat(keys).hasSizeGreaterThan(1);
    }

    @Test
    void whatWasSentOnceStaysUnknownAlsoWhenTheServerThenSaysThatItDidNothing() {
        Retries retries = retries(
                Duration.ofMillis(300),
                LOST,
                refused(Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "away").retryAfter(Duration.ofSeconds(3))));
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(() -> retries.send(put(), Done.class));
        assertThat(keys).hasSize(2);
    }

    @Test
    void aChangeThatHasNoKeyIsNotSentAgainOnceItMayHaveBeenMade() {
        for (Step unknown : List.of(
                LOST,
                refused(Problem.of(ProblemType.OUTCOME_UNKNOWN, "lost")),
                refused(Problem.of(ProblemType.HOST_STOPPED, "stopped").retryAfter(Duration.ZERO)),
                refused(Problem.of(ProblemType.STOPPING, "stops").retryAfter(Duration.ZERO)))) {
            keys.clear();
            script.clear();
            Retries retries = retries(Duration.ofSeconds(60), unknown, DONE).untilSent();
            assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(() -> retries.send(put(), Done.class));
            assertThat(keys).containsExactly("null");
        }
    }

    @Test
    void aChangeThatHasNoKeyIsSentAgainWhileItSurelyWasNotMade() throws Exception {
        Retries retries =
                retries(Duration.ofSeconds(60), refused(Problem.of(ProblemType.OVERLOADED, "busy").retryAfter(Duration.ZERO)), DONE)
                        .untilSent();
        assertThat(retries.send(put(), Done.class)).isEqualTo(new Done(true));
        assertThat(keys).hasSize(2);
    }

    @Test
    void anAnswerThatBreaksOffIsReadAnew() throws Exception {
        Retries retries = retries(Duration.ofSeconds(60), exchange -> {
            exchange.sendResponseHeaders(200, 4);
            exchange.getResponseBody().write('a');
            exchange.getResponseBody().flush();
            exchange.close();
        }, exchange -> send(exchange, 200, "abcd"));
        Call get = Call.of(CoordinatorApi.GET_ENTRY.at("vm", "a"), Duration.ofSeconds(20));
        String read = retries.receive(get, (_, body) -> new String(body.readAllBytes(), StandardCharsets.UTF_8));
        assertThat(read).isEqualTo("abcd");
    }

    @Test
    void aRefusalForGoodIsAnsweredAtOnce() {
        Retries retries = retries(Duration.ofSeconds(60), refused(Problem.of(ProblemType.UNKNOWN_NAMESPACE, "namespace: vm")));
        assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> retries.send(put(), Done.class))
                .matches(refused -> refused.type() == ProblemType.UNKNOWN_NAMESPACE);
        assertThat(keys).hasSize(1);
    }

    @Test
    void aReadThatNobodyAnswersIsNotReachableAndNeedsNoKey() {
        Retries retries = retries(Duration.ZERO, LOST);
        assertThatExceptionOfType(NotReachableException.class)
                .isThrownBy(() -> retries.send(Call.of(CoordinatorApi.GET_ENTRY.at("vm", "a"), Duration.ofSeconds(20)), Done.class));
        assertThat(keys).containsOnly("null");
    }
}
