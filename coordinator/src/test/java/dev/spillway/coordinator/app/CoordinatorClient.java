package dev.spillway.coordinator.app;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Page;
import dev.spillway.coordinator.Await;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.settings.HostPort;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** A client of a coordinator, which also acts as a host, over HTTP. */
final class CoordinatorClient {
    private @Nullable MessageKey key;
    private final ObjectMapper json = Json.strict();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Random random = new Random();
    private final HostPort address;
    final String namespace = "ns" + random.nextInt(1_000_000);
    final String hostName = "host-" + random.nextInt(1_000_000);

    CoordinatorClient(HostPort address) {
        this.address = address;
    }

    /** Sets the policy of the client's own namespace. */
    void namespace(int maxEntries) throws Exception {
        HttpResponse<String> set = request("PUT", "/v1/namespaces/" + namespace, "{\"maxEntries\":" + maxEntries + "}");
        assertThat(set.statusCode()).as(set.body()).isEqualTo(200);
    }

    /** Returns the key of the host that joined last. */
    MessageKey key() {
        return Objects.requireNonNull(key, "it has joined");
    }

    Sender join() throws Exception {
        var store = StoreId.parse(UUID.nameUUIDFromBytes(hostName.getBytes(StandardCharsets.UTF_8)).toString());
        var joined = (JoinAnswer.Joined) join(store);
        key = joined.messageKey();
        return new Sender(new HostId(hostName), store, joined.registryId(), joined.epoch(), joined.incarnation());
    }

    JoinAnswer join(StoreId store) throws Exception {
        var host = new HostId(hostName);
        return ask(
                host,
                "join",
                new JoinRequest(host, store, "127.0.0.1:7080", List.of(1), new JoinRequest.WorkerProcess(UUID.randomUUID(), false)),
                JoinAnswer.class);
    }

    ReplicaId register(Sender sender, String key) throws Exception {
        var id = ReplicaId.mint(Instant.now(), random);
        ask(
                sender.hostId(),
                "register",
                new RegisterRequest(
                        sender,
                        List.of(
                                new Registration(
                                        id,
                                        new NamespaceName(namespace),
                                        new EntryKey(key),
                                        new SnapshotId("s-" + key),
                                        4096,
                                        Description.NONE))),
                ReplicaOutcomes.class);
        return id;
    }

    HeartbeatAnswer heartbeat(Sender sender) throws Exception {
        return ask(sender.hostId(), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0), HeartbeatAnswer.class);
    }

    DiscrepancyAnswer orphan(Sender sender) throws Exception {
        var orphan = new DiscrepancyRequest.Orphan(
                ReplicaId.mint(Instant.now(), random),
                new NamespaceName(namespace),
                new EntryKey("orphan"),
                1,
                4096);
        return ask(
                sender.hostId(),
                "discrepancies",
                new DiscrepancyRequest(sender, List.of(), List.of(orphan), 1, 0, 0),
                DiscrepancyAnswer.class);
    }

    private <T> T ask(HostId host, String message, Object body, Class<T> answer) throws Exception {
        HttpResponse<String> response = request("POST", "/v1/workers/" + host + "/" + message, json.writeValueAsString(body));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), answer);
    }

    <T> T put(String key, Class<T> answer) throws Exception {
        HttpResponse<String> response =
                request("PUT", "/v1/namespaces/" + namespace + "/entries/" + key, "{\"snapshotId\":\"s-" + key + "\"}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), answer);
    }

    <T> T get(String path, Class<T> answer) throws Exception {
        return json.readValue(request("GET", path, "").body(), answer);
    }

    List<Evictions.Eviction> evictions() throws Exception {
        return json.readValue(
                request("GET", "/v1/evictions?namespace=" + namespace, "").body(),
                new TypeReference<Page<Evictions.Eviction>>() {}).items();
    }

    List<String> unready() throws Exception {
        HttpResponse<String> response = request("GET", "/readyz", "");
        List<String> parts = json.readTree(response.body())
                .path("parts")
                .valueStream()
                .filter(part -> !part.path("ready").asBoolean())
                .map(part -> part.path("name").asText())
                .toList();
        assertThat(response.statusCode()).isEqualTo(parts.isEmpty() ? 200 : 503);
        return parts;
    }

    double metric(String name) throws Exception {
        return request("GET", "/metrics", "").body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .orElse(0.0);
    }

    JsonNode tree(HostPort other, String path) throws Exception {
        return json.readTree(request(other, "GET", path, "").body());
    }

    HttpResponse<String> request(String method, String path, String body) throws Exception {
        return request(address, method, path, body);
    }

    /** Sends a request to another coordinator. */
    HttpResponse<String> request(HostPort address, String method, String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://" + address + path))
                        .timeout(Await.HANG)
                        .header("Content-Type", "application/json")
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
