package dev.spillway.coordinator.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TroubledRegistry;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import dev.spillway.memoryregistry.InMemoryRegistry;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

import static org.assertj.core.api.Assertions.assertThat;

/** The coordinator's HTTP over a registry in memory, with a clock that a test moves. */
final class ServedRegistry implements AutoCloseable {
    static final RegistryId REGISTRY = new RegistryId(new UUID(0, 0xABC));
    static final FleetSecret SECRET = FleetSecret.random(new SecureRandom());
    static final Instant START = Instant.parse("2026-11-21T08:00:00Z");

    final ObjectMapper json = Json.strict();
    final AtomicReference<Instant> now = new AtomicReference<>(START);
    final MemoryUsage usage = new MemoryUsage();
    final AtomicLong openOrders = new AtomicLong();
    final Random random = new Random(11);
    final TroubledRegistry registry = new TroubledRegistry(new InMemoryRegistry(REGISTRY, 4, RegistryRules.DEFAULTS, now::get, random));
    final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ServiceMetrics metrics = new ServiceMetrics();
    private final HttpService service;

    ServedRegistry() throws IOException, InterruptedException {
        service = HttpService.start(
                new HttpService.Options(
                        "test",
                        new HostPort("127.0.0.1", 0),
                        Optional.empty(),
                        HttpLimits.DEFAULT,
                        ServiceEndpoints.with(
                                CoordinatorRoutes
                                        .of(registry, new Backlog(openOrders::get, 1_000), new Usage(usage, () -> {}), SECRET, now::get),
                                new Readiness(Duration.ofSeconds(5)),
                                metrics,
                                Optional.of(CoordinatorRoutes.OPENAPI)),
                        CoordinatorRoutes::failure,
                        Optional.empty(),
                        metrics.registry()));
    }

    URI uri(String path) {
        return URI.create("http://" + service.address() + path);
    }

    void pass(Duration time) {
        now.updateAndGet(instant -> instant.plus(time));
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    Answer put(String path, String body, String... headers) throws IOException, InterruptedException {
        return send(
                withHeaders(
                        HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json").PUT(BodyPublishers.ofString(body)),
                        headers));
    }

    Answer post(String path, String body, String... headers) throws IOException, InterruptedException {
        return send(
                withHeaders(
                        HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)),
                        headers));
    }

    Answer post(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).POST(BodyPublishers.noBody()));
    }

    Answer delete(String path, String... headers) throws IOException, InterruptedException {
        return send(withHeaders(HttpRequest.newBuilder(uri(path)).DELETE(), headers));
    }

    private static HttpRequest.Builder withHeaders(HttpRequest.Builder request, String... headers) {
        return headers.length == 0 ? request : request.headers(headers);
    }

    private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return new Answer(client.send(request.timeout(Await.HANG).build(), BodyHandlers.ofString()));
    }

    /** A namespace with room for so many entries. */
    void namespace(String name, long maxEntries) throws IOException, InterruptedException {
        put("/v1/namespaces/" + name, "{\"maxEntries\":" + maxEntries + "}").is(200);
    }

    Answer worker(HostId host, String message, Object body) throws IOException, InterruptedException {
        return post("/v1/workers/" + host + "/" + message, json.writeValueAsString(body));
    }

    /** Lets a host join with a store of its own. */
    Sender join(String host) throws IOException, InterruptedException {
        var id = new HostId(host);
        var store = StoreId.parse(UUID.nameUUIDFromBytes(host.getBytes(java.nio.charset.StandardCharsets.UTF_8)).toString());
        JoinAnswer answer =
                worker(
                        id,
                        "join",
                        new JoinRequest(id, store, "127.0.0.1:7080", List.of(1), new JoinRequest.WorkerProcess(UUID.randomUUID(), false)))
                        .is(200)
                        .as(JoinAnswer.class);
        assertThat(answer).isInstanceOf(JoinAnswer.Joined.class);
        return new Sender(id, store, REGISTRY, ((JoinAnswer.Joined) answer).epoch(), ((JoinAnswer.Joined) answer).incarnation());
    }

    /** Joins again as a host whose store has seen this generation in epoch 1; its images are asked for. */
    Sender rejoin(Sender before, long generation) throws IOException, InterruptedException {
        JoinRequest request = new JoinRequest(
                before.hostId(),
                before.storeId(),
                "127.0.0.1:7080",
                List.of(1),
                REGISTRY,
                1,
                generation,
                new JoinRequest.WorkerProcess(UUID.randomUUID(), false),
                before.incarnation());
        var joined = (JoinAnswer.Joined) worker(before.hostId(), "join", request).is(200).as(JoinAnswer.class);
        assertThat(joined.readopt()).isTrue();
        return new Sender(before.hostId(), before.storeId(), REGISTRY, joined.epoch(), joined.incarnation());
    }

    /** Returns a registered image under a new id. */
    Readoption readoption(Registration held, long generation, boolean served) {
        return new Readoption(
                ReplicaId.mint(now.get(), random),
                held.replicaId(),
                held.namespace(),
                held.key(),
                held.snapshotId(),
                generation,
                4096,
                held.description(),
                served);
    }

    Registration registration(String namespace, String key, String snapshot) {
        return new Registration(
                ReplicaId.mint(now.get(), random),
                new NamespaceName(namespace),
                new EntryKey(key),
                new SnapshotId(snapshot),
                4096,
                Description.NONE);
    }

    ReplicaOutcome register(Sender sender, Registration registration) throws IOException, InterruptedException {
        return worker(sender.hostId(), "register", new RegisterRequest(sender, List.of(registration))).is(200)
                .as(ReplicaOutcomes.class)
                .outcomes()
                .getFirst();
    }

    /** An answer, to be asserted on and read. */
    final class Answer {
        final HttpResponse<String> response;

        Answer(HttpResponse<String> response) {
            this.response = response;
        }

        Answer is(int status) {
            assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
            return this;
        }

        /** A problem of this kind whose detail is this. */
        Answer isProblem(int status, String kind, String detail) throws JsonProcessingException {
            is(status);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            JsonNode problem = tree();
            assertThat(problem.path("type").asText()).isEqualTo("urn:spillway:problem:" + kind);
            assertThat(problem.path("detail").asText()).isEqualTo(detail);
            return this;
        }

        JsonNode tree() throws JsonProcessingException {
            return json.readTree(response.body());
        }

        <T> T as(Class<T> type) throws JsonProcessingException {
            return json.readValue(response.body(), type);
        }

        <T> T as(TypeReference<T> type) throws JsonProcessingException {
            return json.readValue(response.body(), type);
        }
    }

    @Override
    public void close() {
        client.close();
        service.close();
        metrics.close();
    }
}
