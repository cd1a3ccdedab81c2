package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Artifacts by fingerprint: put, read, evicted and deleted as entries of the fleet. */
@Timeout(300)
class ArtifactsTest {
    @TempDir
    private Path folder;
    private TestRegistry registry;
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        registry = new TestRegistry().artifacts("objects", 3, null).namespace("images", 10, null);
        coordinator = new TestCoordinator(registry, 0);
        worker = worker(Map.of());
    }

    private RunningWorker worker(Map<String, String> settings) throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), settings).joined();
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    private static String path(int number) {
        return "/v1/artifacts/objects/%064x".formatted(number);
    }

    private static byte[] content(int number) {
        byte[] bytes = new byte[10_000 + number];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    private Answer put(String path, byte[] content) throws IOException, InterruptedException {
        return worker.send(HttpRequest.newBuilder(worker.uri(path)).PUT(BodyPublishers.ofByteArray(content)).build());
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(worker.uri(path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return worker.client.send(request.build(), BodyHandlers.ofByteArray());
    }

    private long registered() {
        return registry.entries().keySet().stream().filter(name -> name.namespace().value().equals("objects")).count();
    }

    @Test
    void whatIsPutIsReadAtOnceAndRegisteredSoon() throws Exception {
        Answer put = put(path(1), content(1));
        assertThat(put.status()).isEqualTo(201);
        assertThat(put.body().path("outcome").asText()).isEqualTo("accepted");
        HttpResponse<byte[]> got = get(path(1));
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo(content(1));
        eventually(() -> registered() == 1);
        eventually(() -> put(path(1), content(1)).body().path("outcome").asText().equals("existing"));
        assertThat(get(path(2)).statusCode()).isEqualTo(404);
    }

    @Test
    void theFleetEvictsTheLeastRecentlyUsedAndTheHostDeletesIt() throws Exception {
        for (int number = 1; number <= 3; number++) {
            put(path(number), content(number));
        }
        eventually(() -> registered() == 3);
        put(path(4), content(4));
        eventually(() -> get(path(1)).statusCode() == 404);
        eventually(() -> registry.openOrders() == 0);
        assertThat(worker.get("/v1/artifacts/objects/stats").body().path("entries").asInt()).isEqualTo(3);
        eventually(() -> worker.get("/v1/artifacts/objects/stats").body().path("host").path("entries").asInt() == 3);
    }

    @Test
    void aDeletionWaitsForTheRegistrationAndIsDoneInTheFleet() throws Exception {
        put(path(1), content(1));
        assertThat(worker.delete(path(1)).status()).isEqualTo(200);
        assertThat(get(path(1)).statusCode()).isEqualTo(404);
        assertThat(registered()).isZero();
        assertThat(worker.delete(path(1)).status()).isEqualTo(404);
    }

    @Test
    void newContentForAKnownFingerprintReplacesWhatThisHostHas() throws Exception {
        put(path(1), content(1));
        put(path(1), content(2));
        assertThat(get(path(1)).body()).isEqualTo(content(2));
        eventually(() -> registry.openOrders() == 0 && worker.get("/v1/status").body().path("replicas").path("PENDING").asInt() == 0);
        eventually(() -> worker.get("/v1/artifacts/objects/stats").body().path("host").path("entries").asInt() == 1);
        assertThat(get(path(1)).body()).isEqualTo(content(2));
        assertThat(registered()).isEqualTo(1);
    }

    @Test
    void whatIsPutAgainWhileItsOrderIsOnTheWayIsKeptAnew() throws Exception {
        put(path(1), content(1));
        eventually(() -> registered() == 1);
        registry.invalidate(TestRegistry.name("objects", path(1).substring(path(1).lastIndexOf('/') + 1)));
        assertThat(put(path(1), content(1)).body().path("outcome").asText()).isEqualTo("accepted");
        eventually(() -> registered() == 1 && registry.openOrders() == 0);
        assertThat(get(path(1)).body()).isEqualTo(content(1));
    }

    /** If the host has no policy of the namespace, a put waits for the registry, which may evict the artifact before it answers. */
    @Test
    void whatIsEvictedBeforeItsPutIsAnsweredWasAccepted() throws Exception {
        coordinator.stopHeartbeats();
        registry.artifacts("news", 3, null);
        coordinator.answersLost.add("register");
        coordinator.unavailable.add("resolve");
        String key = "%064x".formatted(1);
        CompletableFuture<Answer> put = CompletableFuture.supplyAsync(() -> {
            try {
                return put("/v1/artifacts/news/" + key, content(1));
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        eventually(() -> registry.invalidate(TestRegistry.name("news", key)).isPresent());
        coordinator.unavailable.remove("heartbeat");
        assertThat(put.get().status()).as(put.get().detail()).isEqualTo(201);
        assertThat(put.get().body().path("outcome").asText()).isEqualTo("accepted");
        assertThat(get("/v1/artifacts/news/" + key).statusCode()).isEqualTo(404);
    }

    /** The limit of the namespace was lowered, and this host does not know that yet. */
    @Test
    void whatIsRefusedAfterItWasAcceptedIsCounted() throws Exception {
        assertThat(refusedPuts()).isZero();
        coordinator.stopHeartbeats();
        registry.artifacts("objects", 3, 100L);
        Answer put = put(path(1), content(1));
        assertThat(put.status()).isEqualTo(201);
        assertThat(put.body().path("outcome").asText()).isEqualTo("accepted");
        eventually(() -> refusedPuts() == 1);
        eventually(() -> get(path(1)).statusCode() == 404);
        assertThat(new String(get("/metrics").body(), StandardCharsets.UTF_8)).contains("spillway_artifacts_puts_refused_total 1.0");
        assertThat(worker.get("/v1/artifacts/objects/stats").body().path("host").path("rejectedPuts").asInt()).isZero();
    }

    private long refusedPuts() throws Exception {
        return worker.get("/v1/artifacts/objects/stats").body().path("host").path("refusedPuts").asLong(-1);
    }

    /** The process with the claim may have died. While it lives, it extends the claim. */
    @Test
    void aClaimEndsByItselfUnlessItsOwnerExtendsIt() throws Exception {
        String first = claimed("{\"heldFor\":\"PT1M\"}").path("id").asText();
        assertThat(claimed("{}").path("state").asText()).isEqualTo("taken");
        assertThat(extended(first, "PT1H")).isEqualTo("yours");
        assertThat(extended(first, "PT0.2S")).isEqualTo("yours");
        AtomicReference<String> second = new AtomicReference<>("");
        eventually(() -> {
            JsonNode claimed = claimed("{\"heldFor\":\"PT1H\"}");
            second.set(claimed.path("id").asText());
            return claimed.path("state").asText().equals("yours");
        });
        assertThat(extended(first, "PT1H")).as("it is another's now").isEqualTo("taken");
        worker.delete(path(7) + "/claim?id=" + second.get());
        assertThat(extended(second.get(), "PT1H")).as("it was given back before").isEqualTo("taken");
        assertThat(claimed("{}").path("state").asText()).isEqualTo("yours");
    }

    private String extended(String claim, String heldFor) throws Exception {
        return claimed("{\"heldFor\":\"%s\",\"id\":\"%s\"}".formatted(heldFor, claim)).path("state").asText();
    }

    private JsonNode claimed(String body) throws Exception {
        return worker.send(
                HttpRequest.newBuilder(worker.uri(path(7) + "/claim"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build())
                .body();
    }

    @Test
    void aPutNamesNoGenerationAndIsWhole() throws Exception {
        assertThat(put(path(1) + "?generation=1", content(1)).type()).endsWith("unknown-parameter");
        for (String header : new String[]{"Content-Range: bytes 0-2/10", "Content-Encoding: gzip"}) {
            String[] parts = header.split(": ", 2);
            assertThat(
                    worker.send(
                            HttpRequest.newBuilder(worker.uri(path(1)))
                                    .header(parts[0], parts[1])
                                    .PUT(BodyPublishers.ofByteArray(content(1)))
                                    .build())
                            .status())
                    .as(header)
                    .isIn(400, 415);
        }
        assertThat(get(path(1)).statusCode()).isEqualTo(404);
    }

    @Test
    void whoWaitedForAClaimAsksAgain() throws Exception {
        Answer first = claim("PT0S");
        assertThat(first.body().path("state").asText()).isEqualTo("yours");
        assertThat(claim("PT0.2S").body().path("state").asText()).isEqualTo("taken");
        worker.delete(path(1) + "/claim?id=" + first.body().path("id").asText());
        assertThat(claim("PT0S").body().path("state").asText()).isEqualTo("yours");
        put(path(1), content(1));
        assertThat(claim("PT0S").body().path("state").asText()).isEqualTo("here");
    }

    private Answer claim(String waitFor) throws IOException, InterruptedException {
        return worker.send(
                HttpRequest.newBuilder(worker.uri(path(1) + "/claim"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"waitFor\": \"%s\"}".formatted(waitFor)))
                        .build());
    }

    @Test
    void aRestartKeepsWhatWasFlushed() throws Exception {
        put(path(1), content(1));
        assertThat(
                worker.send(HttpRequest.newBuilder(worker.uri("/v1/artifacts/objects/flush")).POST(BodyPublishers.noBody()).build())
                        .status())
                .isEqualTo(204);
        eventually(() -> registered() == 1);
        worker.close();
        worker = worker(Map.of());
        assertThat(get(path(1)).body()).isEqualTo(content(1));
        assertThat(registered()).isEqualTo(1);
    }

    @Test
    void whatWasAcceptedWhileTheRegistryIsAwayIsRegisteredLater() throws Exception {
        coordinator.close();
        assertThat(put(path(1), content(1)).status()).isEqualTo(201);
        assertThat(get(path(1)).body()).isEqualTo(content(1));
        int port = coordinator.address().port();
        coordinator = new TestCoordinator(registry, port);
        eventually(() -> registered() == 1);
        assertThat(get(path(1)).body()).isEqualTo(content(1));
    }

    @Test
    void partsAndUnchangedContentsAreAnsweredAsHttpHasIt() throws Exception {
        put(path(1), content(1));
        HttpResponse<byte[]> whole = get(path(1));
        String tag = whole.headers().firstValue("ETag").orElseThrow();
        assertThat(get(path(1), "If-None-Match", tag).statusCode()).isEqualTo(304);
        HttpResponse<byte[]> part = get(path(1), "Range", "bytes=10-19");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(content(1), 10, 20));
        assertThat(part.headers().firstValue("Content-Range")).contains("bytes 10-19/" + content(1).length);
        assertThat(get(path(1), "Range", "bytes=-5").body()).hasSize(5);
        assertThat(get(path(1), "Range", "bytes=99999999-").statusCode()).isEqualTo(416);
        assertThat(get(path(1), "Range", "lines=1-2").body()).isEqualTo(content(1));
    }

    @Test
    void whatCannotBeKeptIsRefusedByStatus() throws Exception {
        worker.close();
        worker = worker(Map.of("artifact-max-bytes", "20000", "artifacts-max-bytes", "25000"));
        assertThat(put(path(1), new byte[20_001]).status()).isEqualTo(413);
        assertThat(put("/v1/artifacts/none/%064x".formatted(1), content(1)).type()).endsWith("unknown-namespace");
        assertThat(put("/v1/artifacts/images/%064x".formatted(1), content(1)).type()).endsWith("other-backend");
        assertThat(worker.store("k", java.nio.file.Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
        assertThat(worker.put("/v1/directories/objects/entries/k", "{\"sourceDir\": \"%s\"}".formatted(folder.resolve("source"))).type())
                .endsWith("other-backend");
        for (String bad : new String[]{"1", "A".repeat(64), "0".repeat(63), "0".repeat(65), "..%2f..%2fetc"}) {
            assertThat(put("/v1/artifacts/objects/" + bad, content(1)).type()).as(bad).endsWith("invalid-value");
        }
        assertThat(put(path(1), content(1)).status()).isEqualTo(201);
        assertThat(put(path(2), content(2)).status()).isEqualTo(201);
        assertThat(put(path(3), content(3)).status()).isEqualTo(507);
        assertThat(get(path(3)).statusCode()).isEqualTo(404);
        assertThat(get(path(1)).body()).isEqualTo(content(1));
    }

    /** A request for the wrong kind of image is an error and not a miss, and it holds or deletes nothing. */
    @Test
    void aNamespaceIsReadAndChangedOnlyAsWhatItIs() throws Exception {
        put(path(1), content(1));
        eventually(() -> registered() == 1);
        assertThat(worker.store("k", java.nio.file.Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
        String asDirectory = "/v1/directories/objects/entries/%064x".formatted(1);
        for (String path : new String[]{
                asDirectory,
                asDirectory + "?hold=PT1M",
                asDirectory + "?fresh=true",
                asDirectory + "/archive",
                "/v1/directories/objects/entries",
                "/v1/directories/objects/stats",
                "/v1/artifacts/images/%064x".formatted(1),
                "/v1/artifacts/images",
                "/v1/artifacts/images/stats"}) {
            assertThat(worker.get(path).type()).as(path).endsWith("other-backend");
        }
        assertThat(
                worker.send(
                        HttpRequest.newBuilder(worker.uri("/v1/directories/objects/prune"))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString("{\"maxEntries\": 0}"))
                                .build())
                        .type())
                .endsWith("other-backend");
        assertThat(worker.get("/v1/artifacts/none/stats").type()).endsWith("unknown-namespace");
        assertThat(get("/cache/images/k").statusCode()).isEqualTo(404);
        assertThat(worker.get("/v1/holds").body().path("items")).isEmpty();
        for (String path : new String[]{asDirectory, "/v1/artifacts/images/%064x".formatted(1), "/cache/images/k"}) {
            Answer refused = worker.delete(path);
            assertThat(refused.status()).as(path).isEqualTo(409);
            assertThat(refused.type()).as(path).endsWith("other-backend");
        }
        assertThat(get(path(1)).body()).isEqualTo(content(1));
        assertThat(worker.get("/v1/directories/images/entries/k").status()).isEqualTo(200);
    }

    @Test
    void anEmptyArtifactIsOneToo() throws Exception {
        assertThat(put(path(1), new byte[0]).status()).isEqualTo(201);
        assertThat(get(path(1)).body()).isEmpty();
        assertThat(new String(get("/v1/artifacts/objects?limit=5").body(), StandardCharsets.UTF_8)).contains("items");
    }
}
