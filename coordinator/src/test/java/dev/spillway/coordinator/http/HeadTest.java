package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.Operation;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.http.Endpoint;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** HEAD is answered as GET is, and the registry is the same before and after. */
@Timeout(120)
class HeadTest extends OverHttp {
    private static final List<String> OF_EVERY_SERVICE = List.of("/livez", "/readyz", "/metrics", "/v1/loggers", "/openapi.yaml");

    HeadTest() {
        super(2);
    }

    @Test
    void changesNothingOnAnyRouteThatTakesGetAndAnswersAsGetDoes() throws Exception {
        Sender sender = http.join("host-1");
        for (String key : List.of("a", "b", "c")) {
            http.register(sender, http.registration("vm", key, "s" + key));
        }
        String plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1,\"dryRun\":true}").is(200).tree().path("id").asText();
        String eviction = http.get("/v1/evictions").tree().path("items").get(0).path("id").asText();
        http.pass(Duration.ofSeconds(5));
        List<String> paths = Stream
                .concat(
                        OF_EVERY_SERVICE.stream(),
                        CoordinatorRoutes
                                .of(
                                        http.registry,
                                        new Backlog(() -> 0, 1),
                                        new Usage(http.usage, () -> {}),
                                        ServedRegistry.SECRET,
                                        http.now::get)
                                .stream()
                                .map(Endpoint::operation)
                                .filter(operation -> operation.method().equals("GET"))
                                .map(Operation::template))
                .map(path -> path.replace("{namespace}", "vm").replace("{key}", "b").replace("{host}", "host-1"))
                .map(
                        path -> path.replace(
                                "{id}",
                                path.startsWith("/v1/plans") ? plan : path.startsWith("/v1/evictions") ? eviction : "host-1"))
                .toList();
        assertThat(paths).hasSizeGreaterThan(15).noneMatch(path -> path.contains("{"));
        for (String path : paths) {
            ObjectNode before = state();
            HttpResponse<Void> head = head(path);
            assertThat(state()).as("HEAD " + path).isEqualTo(before);
            HttpResponse<InputStream> get = http.client.send(HttpRequest.newBuilder(http.uri(path)).build(), BodyHandlers.ofInputStream());
            get.body().close();
            assertThat(head.statusCode()).as("HEAD " + path).isEqualTo(get.statusCode()).isEqualTo(200);
            if (!path.equals("/metrics")) {
                assertThat(headers(head)).as("HEAD " + path).isEqualTo(headers(get));
            }
        }
    }

    @Test
    void findsNoEntryWhoseTimeHasComeAndLeavesItToBeEvicted() throws Exception {
        http.put("/v1/namespaces/vm", "{\"maxEntries\":2,\"ttl\":\"PT1M\"}").is(200);
        http.put("/v1/namespaces/vm/entries/a", "{\"snapshotId\":\"s\"}").is(200);
        http.pass(Duration.ofMinutes(2));
        ObjectNode before = state();
        assertThat(head("/v1/namespaces/vm/entries/a").statusCode()).isEqualTo(404);
        assertThat(head("/v1/namespaces/vm/entries/nothing").statusCode()).isEqualTo(404);
        assertThat(state()).isEqualTo(before);
        http.get("/v1/namespaces/vm/entries/a").is(404);
        assertThat(state()).as("what a GET leaves").isNotEqualTo(before);
    }

    private HttpResponse<Void> head(String path) throws Exception {
        return http.client.send(
                HttpRequest.newBuilder(http.uri(path)).method("HEAD", BodyPublishers.noBody()).build(),
                BodyHandlers.discarding());
    }

    private static Map<String, List<String>> headers(HttpResponse<?> response) {
        Map<String, List<String>> headers = new TreeMap<>(response.headers().map());
        headers.keySet().removeAll(List.of("date", "transfer-encoding", "x-request-id"));
        return headers;
    }

    /** Everything that the registry shows without being changed by the look. */
    private ObjectNode state() throws Exception {
        ObjectNode state = http.json.createObjectNode();
        for (String path : List.of(
                "/v1/namespaces",
                "/v1/namespaces/vm/entries",
                "/v1/evictions",
                "/v1/hosts",
                "/v1/hosts/host-1/orders",
                "/v1/refusals",
                "/v1/registry")) {
            state.set(path, http.get(path).tree());
        }
        return state;
    }
}
