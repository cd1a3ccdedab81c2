package dev.spillway.dev.fleet;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A command of several requests tells what the earlier ones did when a later one fails. */
class StoppedHalfwayTest {
    private static final String BUSY = """
            {"type": "urn:spillway:problem:registry-busy", "title": "Registry busy", "status": 503,
             "detail": "nothing was changed; the same request can be sent again"}""";

    private record Answer(int status, String body) {}

    private final Queue<Answer> answers = new ArrayDeque<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            Answer next = answers.remove();
            byte[] body = next.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", next.status() == 200 ? "application/json" : "application/problem+json");
            exchange.sendResponseHeaders(next.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Spillway.Ran run(String... arguments) {
        String[] all = new String[arguments.length + 2];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "--url";
        all[arguments.length + 1] = "127.0.0.1:" + server.getAddress().getPort();
        Spillway.Ran ran = Spillway.run(all);
        assertThat(answers).as(ran.toString()).isEmpty();
        return ran;
    }

    @Test
    void aCleanTellsWhatIsGoneAlready() {
        answers.add(
                new Answer(
                        200,
                        """
                                {"name": "trees", "lowWatermark": 1, "maxEvictionShare": 0.5, "backend": "DIRECTORY", "writeOnce": false,
                                 "evictionPolicy": "LRU", "entries": 1500, "bytes": 0, "pinnedEntries": 0,
                                 "pinnedBytes": 0, "hits": 0, "misses": 0, "evictions": {}}"""));
        answers.add(new Answer(200, "{\"evicted\": 1000, \"remaining\": 500}"));
        answers.add(new Answer(503, BUSY));
        Spillway.Ran ran = run("clean", "trees", "--yes");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("evicted 1000 entries, then: The registry has more to do than it gets done: nothing was changed");
    }

    /** An entry with very many copies is doomed in parts: until the last, nobody may say that every host has confirmed. */
    @Test
    void aCleanIsNotDoneWhileHostsAreStillToBeOrdered() {
        answers.add(
                new Answer(
                        200,
                        """
                                {"name": "trees", "lowWatermark": 1, "maxEvictionShare": 0.5, "backend": "DIRECTORY", "writeOnce": false,
                                 "evictionPolicy": "LRU", "entries": 1, "bytes": 0, "pinnedEntries": 0,
                                 "pinnedBytes": 0, "hits": 0, "misses": 0, "evictions": {}}"""));
        answers.add(new Answer(200, "{\"evicted\": 1, \"remaining\": 0}"));
        answers.add(new Answer(200, """
                {"items": [{"id": "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da", "namespace": "trees", "key": "base", "snapshotId": "image",
                 "generation": 7, "sizeBytes": 1, "cause": "CLEANED", "replicas": 20000, "labels": {}, "evictedAt": "2026-01-02T03:04:05Z",
                 "actor": "client:anonymous", "state": "open", "orders": []}]}"""));
        Spillway.Ran ran = run("clean", "trees", "--yes", "--timeout", "0s");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("more hosts: base, snapshot image, generation 7, UNORDERED", "1 image not confirmed");
    }

    @Test
    void aCleanThatFailsAtOnceEvictedNothing() {
        answers.add(new Answer(503, BUSY));
        Spillway.Ran ran = run("clean", "trees", "--yes");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("The registry has more to do than it gets done: nothing was changed").doesNotContain("then");
    }

    @Test
    void anAppliedPlanTellsWhatIsGoneAlready() {
        String plan = "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da";
        answers.add(
                new Answer(
                        200,
                        """
                                {"id": "%s", "namespace": "trees", "purpose": {"kind": "PRUNE", "maxEntries": 1000}, "state": "APPLYING",
                                 "actor": "client:a", "namespaceEntries": 3000, "allowed": 1500, "victimCount": 2000,
                                 "victimBytes": 0, "createdAt": "2026-01-02T03:04:05Z", "expiresAt": "2026-01-03T03:04:05Z", "victims": [],
                                 "applied": {"evicted": 1000, "evictedBytes": 0, "gone": 0, "replaced": 0, "pinned": 0, "used": 0, "remaining": 1000}}"""
                                .formatted(plan)));
        answers.add(new Answer(503, BUSY));
        Spillway.Ran ran = run("plans", "apply", plan);
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains(
                "plan " + plan + ": evicted 1000 entries, then: The registry has more to do than it gets done: nothing was changed");
    }
}
