package dev.spillway.worker.app;

import com.sun.net.httpserver.HttpServer;
import dev.spillway.events.HostId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A host takes a missing artifact from one that has it, and believes only the bytes that the registry names. */
@Timeout(300)
class PeersTest {
    private static final String PATH = "/v1/artifacts/objects/%064x".formatted(1);
    private static final byte[] CONTENT = "compiled".repeat(1_000).getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().artifacts("objects", 3, null);
    private TestCoordinator coordinator;
    private RunningWorker first;
    private RunningWorker second;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(registry, 0);
        first = worker("host-1");
        second = worker("host-2");
        assertThat(first.send(HttpRequest.newBuilder(first.uri(PATH)).PUT(BodyPublishers.ofByteArray(CONTENT)).build()).status())
                .isEqualTo(201);
        eventually(() -> registry.entries().size() == 1);
    }

    private RunningWorker worker(String host) throws Exception {
        return new RunningWorker(folder.resolve(host), coordinator.address().toString(), Map.of("host-id", host)).joined();
    }

    @AfterEach
    void stop() {
        second.close();
        first.close();
        coordinator.close();
    }

    private HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
        return second.client.send(HttpRequest.newBuilder(second.uri(path)).build(), BodyHandlers.ofByteArray());
    }

    @Test
    void aCopyIsTakenFromAnotherHostAndIsOneOfTheFleet() throws Exception {
        assertThat(get(PATH + "?fetch=false").statusCode()).isEqualTo(404);
        HttpResponse<byte[]> got = get(PATH);
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo(CONTENT);
        eventually(() -> registry.rowsOf(new HostId("host-2")) == 1);
        first.close();
        assertThat(get(PATH).body()).isEqualTo(CONTENT);
        registry.invalidate(TestRegistry.name("objects", PATH.substring(PATH.lastIndexOf('/') + 1)));
        eventually(() -> get(PATH + "?fetch=false").statusCode() == 404);
        eventually(() -> second.get("/v1/artifacts/objects/stats").body().path("host").path("entries").asInt() == 0);
    }

    @Test
    void manyCallersAskTheOtherHostOnce() throws Exception {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> calls =
                    IntStream.range(0, 100).<Callable<Integer>>mapToObj(caller -> () -> get(PATH).statusCode()).toList();
            for (Future<Integer> call : callers.invokeAll(calls)) {
                assertThat(call.get()).isEqualTo(200);
            }
        }
        eventually(() -> registry.rowsOf(new HostId("host-2")) == 1);
        assertThat(second.get("/v1/artifacts/objects/stats").body().path("host").path("puts").asInt()).isEqualTo(1);
    }

    /** The registry names a holder as soon as it has registered it, which the holder learns a moment later. */
    @Test
    void aHolderThatDoesNotKnowYetThatItIsOneGivesItsCopy() throws Exception {
        String other = "/v1/artifacts/objects/%064x".formatted(2);
        coordinator.answersLost.add("register");
        assertThat(first.send(HttpRequest.newBuilder(first.uri(other)).PUT(BodyPublishers.ofByteArray(CONTENT)).build()).status())
                .isEqualTo(201);
        eventually(() -> registry.entries().size() == 2);
        int asked = coordinator.entriesAsked.get();
        CompletableFuture<HttpResponse<byte[]>> got =
                second.client.sendAsync(HttpRequest.newBuilder(second.uri(other)).build(), BodyHandlers.ofByteArray());
        eventually(() -> coordinator.entriesAsked.get() > asked);
        coordinator.answersLost.remove("register");
        assertThat(got.get().statusCode()).isEqualTo(200);
        assertThat(got.get().body()).isEqualTo(CONTENT);
    }

    @Test
    void aHolderThatIsGoneIsAMiss() throws Exception {
        first.close();
        assertThat(get(PATH).statusCode()).isEqualTo(404);
    }

    /** A host that hangs takes connections and answers none. */
    @Test
    void aHolderThatHangsIsAskedOnceAndNotByEachMiss() throws Exception {
        try (ServerSocket hanging = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            AtomicInteger asked = new AtomicInteger();
            Thread.ofVirtual().start(() -> {
                List<Socket> kept = new ArrayList<>();
                try {
                    while (true) {
                        kept.add(hanging.accept());
                        asked.incrementAndGet();
                    }
                } catch (IOException e) {
                    kept.forEach(socket -> {
                        try {
                            socket.close();
                        } catch (IOException unclosed) {
                            throw new java.io.UncheckedIOException(unclosed);
                        }
                    });
                }
            });
            registry.address(new HostId("host-1"), "127.0.0.1:" + hanging.getLocalPort());
            for (int miss = 0; miss < 5; miss++) {
                assertThat(get(PATH).statusCode()).isEqualTo(404);
            }
            assertThat(asked).hasValue(1);
            assertThat(
                    second.send(
                            HttpRequest.newBuilder(second.uri(PATH))
                                    .header("If-None-Match", "*")
                                    .PUT(BodyPublishers.ofString("other"))
                                    .build())
                            .status())
                    .as("it is registered")
                    .isEqualTo(412);
        }
    }

    @Test
    void aHolderThatSendsOtherBytesIsNotBelieved() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        HttpServer liar = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        liar.createContext("/", exchange -> {
            asked.incrementAndGet();
            byte[] other = "another".getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("ETag", "\"" + "0".repeat(64) + "\"");
            exchange.sendResponseHeaders(200, other.length);
            exchange.getResponseBody().write(other);
            exchange.close();
        });
        liar.start();
        try {
            registry.address(new HostId("host-1"), "127.0.0.1:" + liar.getAddress().getPort());
            assertThat(get(PATH).statusCode()).isEqualTo(404);
            assertThat(asked).hasPositiveValue();
            assertThat(second.get("/v1/artifacts/objects/stats").body().path("host").path("puts").asInt()).isZero();
        } finally {
            liar.stop(0);
        }
    }

    @Test
    void aCopyOfAnotherGenerationOrStoreIsNotGiven() throws Exception {
        String copy = "/v1/copies/objects/" + PATH.substring(PATH.lastIndexOf('/') + 1);
        assertThat(first.send(HttpRequest.newBuilder(first.uri(copy + "?generation=99")).build()).status()).isEqualTo(404);
        assertThat(first.send(HttpRequest.newBuilder(first.uri(copy + "?storeId=00000000-0000-0000-0000-000000000000")).build()).status())
                .isEqualTo(404);
    }
}
