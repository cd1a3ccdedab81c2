package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.coordinator.TroubledRegistry;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.Sender;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EventsOverHttpTest extends OverHttp {
    private record Event(String id, String name, JsonNode data) {}

    EventsOverHttpTest() {
        super(1);
    }

    /** A client that follows the stream. */
    private final class Following implements AutoCloseable {
        private final BufferedReader lines;

        Following(String... headers) throws Exception {
            var request = HttpRequest.newBuilder(http.uri("/v1/events"));
            if (headers.length > 0) {
                request.headers(headers);
            }
            var response = http.client.send(request.build(), BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        }

        Event next() throws IOException {
            String id = "";
            String name = "";
            while (true) {
                String line = lines.readLine();
                assertThat(line).as("the stream goes on").isNotNull();
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    return new Event(id, name, http.json.readTree(line.substring(6)));
                }
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    @Test
    void whatHappensIsSeenInItsOrder() throws Exception {
        try (var following = new Following()) {
            assertThat(following.next().name()).isEqualTo("start");
            Sender sender = http.join("host-1");
            Event host = following.next();
            assertThat(host.name()).isEqualTo("host");
            assertThat(host.data().path("hostId").asText()).isEqualTo("host-1");
            assertThat(host.data().path("state").asText()).isEqualTo("ACTIVE");

            var first = http.registration("vm", "a", "sa");
            http.register(sender, first);
            http.register(sender, http.registration("vm", "b", "sb"));
            Event eviction = following.next();
            assertThat(eviction.name()).isEqualTo("eviction");
            assertThat(eviction.data().path("key").asText()).isEqualTo("a");
            assertThat(eviction.data().path("cause").asText()).isEqualTo("CAPACITY");
            assertThat(eviction.data().path("replicas").asInt()).isEqualTo(1);

            var deleted = new Report(first.replicaId(), sender.hostId(), sender.storeId(), Report.Result.DELETED, null, null, 1);
            http.worker(sender.hostId(), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(deleted), 0, 0)).is(200);
            Event confirmation = following.next();
            assertThat(confirmation.name()).isEqualTo("confirmation");
            assertThat(confirmation.data().path("replicaId").asText()).isEqualTo(first.replicaId().toString());
            assertThat(confirmation.data().path("result").asText()).isEqualTo("DELETED");
            assertThat(confirmation.data().path("evictionId")).isEqualTo(eviction.data().path("evictionId"));
        }
    }

    @Test
    void aClientThatComesBackGoesOnWhereItWas() throws Exception {
        String start;
        try (var following = new Following()) {
            start = following.next().id();
        }
        for (String key : List.of("a", "b", "c", "d")) {
            http.put("/v1/namespaces/vm/entries/" + key, "{\"snapshotId\":\"s\"}").is(200);
        }
        Event second;
        try (var following = new Following("Last-Event-ID", start)) {
            assertThat(following.next().data().path("key").asText()).isEqualTo("a");
            second = following.next();
            assertThat(second.data().path("key").asText()).isEqualTo("b");
        }
        try (var following = new Following("Last-Event-ID", second.id())) {
            assertThat(following.next().data().path("key").asText()).isEqualTo("c");
        }
    }

    @Test
    void aGapIsToldOnceAlsoToAClientThatComesBack() throws Exception {
        Event gap;
        try (var following = new Following("Last-Event-ID", "999999999999-1")) {
            gap = following.next();
            assertThat(gap.name()).isEqualTo("gap");
        }
        try (var following = new Following("Last-Event-ID", gap.id())) {
            assertThat(following.next().name()).isEqualTo("start");
            http.join("host-1");
            assertThat(following.next().name()).isEqualTo("host");
        }
    }

    @Test
    void manyFollowAtOnce() throws Exception {
        List<Following> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            var following = new Following();
            assertThat(following.next().name()).isEqualTo("start");
            all.add(following);
        }
        http.join("host-1");
        for (Following following : all) {
            assertThat(following.next().name()).isEqualTo("host");
            following.close();
        }
    }

    @Test
    void theStreamOutlivesStorageThatIsAwayForAWhile() throws Exception {
        try (var following = new Following()) {
            following.next();
            http.registry.now(TroubledRegistry.Trouble.UNAVAILABLE);
            http.get("/v1/hosts").is(503);
            http.registry.now(TroubledRegistry.Trouble.NONE);
            http.join("host-1");
            assertThat(following.next().name()).isEqualTo("host");
        }
    }

    @Test
    void aPlaceThatWasNeverGivenOutIsRefused() throws Exception {
        var answer = http.client.send(
                HttpRequest.newBuilder(http.uri("/v1/events")).header("Last-Event-ID", "yesterday").build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("Last-Event-ID: yesterday (expected: the id of an event, such as 1234-56)")
                .doesNotContain("after");
    }
}
