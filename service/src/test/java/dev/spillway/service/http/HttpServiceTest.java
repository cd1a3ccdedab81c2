package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.Sources;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests the addresses, health endpoints, limits and stop of a service. */
class HttpServiceTest {
    @TempDir
    @Nullable
    Path folder;

    @Test
    void handlersBlockWithoutHoldingUpOthersAndBeyondTheQueueThereIsRefusal() throws Exception {
        var begun = new Semaphore(0);
        var goOn = new CountDownLatch(1);
        var limits = RunningService.LIMITS.withWorkingMax(2).withWaitingMax(1);
        try (var service = new RunningService(limits, RunningService.get("/blocks", request -> {
            begun.release();
            goOn.await();
            return Response.ok("done");
        }))) {
            var asked = new ArrayList<CompletableFuture<HttpResponse<String>>>();
            for (int request = 0; request < 2; request++) {
                asked.add(service.client.sendAsync(HttpRequest.newBuilder(service.uri("/blocks")).build(), BodyHandlers.ofString()));
            }
            begun.acquire(2);
            // The first of two more requests waits in the queue. The second finds it full and is refused at once.
            for (int request = 0; request < 2; request++) {
                asked.add(service.client.sendAsync(HttpRequest.newBuilder(service.uri("/blocks")).build(), BodyHandlers.ofString()));
            }
            var refused = (HttpResponse<?>) CompletableFuture.anyOf(asked.get(2), asked.get(3)).get();
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            assertThat(refused.body().toString()).contains("urn:spillway:problem:overloaded");
            assertThat(service.get("/livez").statusCode()).isEqualTo(200);
            assertThat(service.get("/readyz").statusCode()).isEqualTo(200);
            goOn.countDown();
            assertThat(asked.stream().map(CompletableFuture::join).map(HttpResponse::statusCode)).containsExactlyInAnyOrder(
                    200,
                    200,
                    200,
                    503);
            assertThat(service.get("/blocks").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void handlersRunOnVirtualThreads() throws Exception {
        try (var service = new RunningService(RunningService.get("/thread", request -> Response.ok(Thread.currentThread().isVirtual())))) {
            assertThat(service.get("/thread").body()).isEqualTo("true");
        }
    }

    @Test
    void readinessNamesEachPartThatFailsAndWhy() throws Exception {
        var postgres = new AtomicReference<Optional<String>>(Optional.empty());
        try (var service = new RunningService()) {
            service.readiness.add("postgresql", () -> {
                if (postgres.get().isPresent()) {
                    throw new IOException(postgres.get().get());
                }
            }).add("kafka", () -> {});
            assertThat(service.get("/readyz").body())
                    .isEqualTo("{\"ready\":true,\"parts\":[{\"name\":\"postgresql\",\"ready\":true},{\"name\":\"kafka\",\"ready\":true}]}");
            postgres.set(Optional.of("connection to 127.0.0.1:5432 refused"));
            var answer = service.get("/readyz");
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body()).isEqualTo(
                    "{\"ready\":false,\"parts\":[{\"name\":\"postgresql\",\"ready\":false,\"why\":\"connection to 127.0.0.1:5432 refused\"},{\"name\":\"kafka\",\"ready\":true}]}");
            postgres.set(Optional.empty());
            assertThat(service.get("/readyz").statusCode()).isEqualTo(200);
            assertThat(service.get("/livez").body()).isEqualTo("{\"alive\":true}");
        }
    }

    @Test
    void servicesOfOneProcessAreCountedApart() throws Exception {
        Endpoint route = RunningService.get("/counted", request -> Response.ok(Map.of()));
        try (RunningService first = new RunningService(route); RunningService second = new RunningService(route)) {
            assertThat(second.get("/counted").statusCode()).isEqualTo(200);
            assertThat(first.get("/metrics").body()).doesNotContain("route=\"/counted\"");
            assertThat(second.get("/metrics").body()).contains("route=\"/counted\"");
        }
    }

    @Test
    void metricsCountRequestsByRouteAndStatusAndShowTheJvm() throws Exception {
        try (var service = new RunningService(RunningService.get("/v1/entries/{key}", request -> Response.ok("x")))) {
            service.get("/v1/entries/a");
            service.get("/v1/entries/b");
            service.get("/nowhere");
            assertThat(service.get("/metrics").body())
                    .contains("vertx_http_server_response_time_seconds_count{code=\"200\",method=\"GET\",route=\"/v1/entries/{key}\"} 2")
                    .contains("vertx_http_server_response_time_seconds_count{code=\"404\",method=\"GET\",route=\"\"} 1")
                    .contains("jvm_memory_used_bytes");
        }
    }

    @Test
    void methodsOfWebDavAreCountedByName() throws Exception {
        var find = Endpoint.of(Operation.read("PROPFIND", "/found/{path...}"), request -> Response.empty(207));
        try (var service = new RunningService(find)) {
            assertThat(service.send("PROPFIND", "/found/a/b", "text/plain", "").statusCode()).isEqualTo(207);
            assertThat(service.send("MKCOL", "/livez", "text/plain", "").statusCode()).isEqualTo(405);
            assertThat(service.get("/metrics").body()).contains("method=\"PROPFIND\"", "method=\"MKCOL\"");
        }
    }

    @Test
    void inventedMethodsMakeOneSeries() throws Exception {
        try (var service = new RunningService()) {
            for (int method = 0; method < 50; method++) {
                assertThat(service.send("INVENTED" + method, "/livez", "text/plain", "").statusCode()).isEqualTo(405);
            }
            assertThat(service.get("/metrics").body()).contains("method=\"other\"").doesNotContain("INVENTED");
        }
    }

    @Test
    void theDescriptionIsServed() throws Exception {
        try (var service = new RunningService()) {
            var answer = service.get("/openapi.yaml");
            assertThat(answer.headers().firstValue("Content-Type")).contains("application/yaml");
            assertThat(answer.body()).startsWith("openapi: 3.1.0");
        }
    }

    @Test
    void limitsAreSettings() throws Exception {
        var declaration = new SettingsDeclaration("worker", HttpLimits.SETTINGS, List.of());
        assertThat(HttpLimits.from(declaration.read(Sources.of(Map.of())))).isEqualTo(HttpLimits.DEFAULT);
        var set = HttpLimits.from(
                declaration.read(
                        Sources
                                .of(
                                        Map.of(
                                                "http-body-max",
                                                "4KiB",
                                                "http-requests-max",
                                                "2",
                                                "http-requests-waiting-max",
                                                "0",
                                                "http-streams-max",
                                                "3",
                                                "http-connections-max",
                                                "4",
                                                "http-close-within",
                                                "1s"))));
        assertThat(set).isEqualTo(
                HttpLimits.DEFAULT.withBodyBytesMax(4096)
                        .withWorkingMax(2)
                        .withWaitingMax(0)
                        .withStreamsMax(3)
                        .withCloseWithin(Duration.ofSeconds(1))
                        .withConnectionsMax(4));
    }

    @Test
    void aBusyPortIsNamed() throws Exception {
        try (var taken = new ServerSocket(0); var service = new RunningService()) {
            var address = "127.0.0.1:" + taken.getLocalPort();
            assertThatThrownBy(() -> HttpService.start(service.options(address, RunningService.LIMITS))).isInstanceOf(IOException.class)
                    .hasMessage("listen: " + address + ": already in use (expected: an address of this machine that is free)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"})
    void anAddressThatIsNotLoopbackIsRefused(String address) throws Exception {
        try (var service = new RunningService()) {
            assertThatThrownBy(() -> HttpService.start(service.options(address, RunningService.LIMITS))).isInstanceOf(IOException.class)
                    .hasMessageContaining("listen: " + address + " (expected: a loopback address");
        }
    }

    @Test
    void theUnixSocketServesTheSameOnlyForItsOwnerAndGoesAtTheEnd() throws Exception {
        var path = folder().resolve("worker.sock");
        try (var host = new RunningService()) {
            var service = HttpService.start(withSocket(host, path));
            try {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-------");
                assertThat(ask(path)).startsWith("HTTP/1.1 200").endsWith("\"hello\"");
                assertThat(list(folder())).containsExactly(path);
            } finally {
                service.close();
            }
            assertThat(list(folder())).isEmpty();
        }
    }

    @Test
    void aSocketThatWasLeftBehindIsReplacedAndOneInUseIsNot() throws Exception {
        var path = folder().resolve("worker.sock");
        try (var left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(path));
        }
        Files.createDirectory(folder().resolve("worker.sock.new"));
        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
        try (var host = new RunningService()) {
            var service = HttpService.start(withSocket(host, path));
            try {
                assertThat(ask(path)).startsWith("HTTP/1.1 200");
                assertThatThrownBy(() -> HttpService.start(withSocket(host, path))).isInstanceOf(IOException.class)
                        .hasMessage("socket: " + path + " is in use by another process (expected: nobody listens there)");
                assertThat(ask(path)).startsWith("HTTP/1.1 200");
            } finally {
                service.close();
            }
        }
    }

    @Test
    void aFileInTheWayOfTheSocketIsLeftAlone() throws Exception {
        var path = Files.writeString(folder().resolve("worker.sock"), "precious");
        try (var host = new RunningService()) {
            assertThatThrownBy(() -> HttpService.start(withSocket(host, path))).hasMessageContaining("is a file");
        }
        assertThat(Files.readString(path)).isEqualTo("precious");
    }

    @Test
    void aSocketPathThatIsTooLongIsRefused() throws Exception {
        var path = folder().resolve("a".repeat(100) + ".sock");
        try (var host = new RunningService()) {
            assertThatThrownBy(() -> HttpService.start(withSocket(host, path)))
                    .hasMessageContaining("(expected: a path of 97 bytes or less");
        }
    }

    @Test
    void closingLetsARequestUnderWayEndAndTakesNoOther() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        try (var service = new RunningService(RunningService.get("/slow", request -> {
            begun.countDown();
            goOn.await();
            return Response.ok("ended well");
        }))) {
            var answer = service.client.sendAsync(HttpRequest.newBuilder(service.uri("/slow")).build(), BodyHandlers.ofString());
            begun.await();
            var closing = Thread.ofVirtual().start(service.service::close);
            assertThat(refusesConnections(service.service.address())).isTrue();
            assertThat(closing.isAlive()).isTrue();
            goOn.countDown();
            assertThat(answer.get().body()).isEqualTo("\"ended well\"");
            closing.join();
        }
    }

    @Test
    void closingBreaksOffARequestThatTakesLongerThanTheLimit() throws Exception {
        var begun = new CountDownLatch(1);
        var interrupted = new AtomicBoolean();
        var ended = new CountDownLatch(1);
        var limits = RunningService.LIMITS.withCloseWithin(Duration.ofMillis(100));
        try (var service = new RunningService(limits, RunningService.get("/endless", request -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                ended.countDown();
            }
            return Response.ok("too late");
        }))) {
            var answer = service.client.sendAsync(HttpRequest.newBuilder(service.uri("/endless")).build(), BodyHandlers.ofString());
            begun.await();
            service.service.close();
            ended.await();
            assertThat(interrupted).isTrue();
            assertThat(answer.handle((body, failure) -> failure != null).get()).isTrue();
        }
    }

    private static boolean refusesConnections(HostPort address) throws IOException {
        while (true) {
            try {
                new Socket(address.host(), address.port()).close();
                Thread.onSpinWait();
            } catch (ConnectException e) {
                return true;
            }
        }
    }

    private static HttpService.Options withSocket(RunningService host, Path path) {
        return new HttpService.Options(
                "test",
                HostPort.parse("127.0.0.1:0"),
                Optional.of(path),
                RunningService.LIMITS,
                vertx -> List.of(RunningService.get("/hello", request -> Response.ok("hello"))),
                failure -> Optional.empty(),
                Optional.empty(),
                host.metrics.registry());
    }

    private static String ask(Path socket) throws IOException {
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap("GET /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.UTF_8)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    private Path folder() {
        return Objects.requireNonNull(folder);
    }
}
