package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Loggers;
import dev.spillway.service.logging.LogFormat;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** One eviction in the log of the services, at level debug, and no traces of it where nobody asked for them. */
@Tag("full")
class EvictionInLogTest {
    @TempDir
    Path scratch;

    @AfterEach
    void defaults() {
        Logging.apply(LogSettings.DEFAULT);
    }

    @Test
    void theIdOfAnEvictionIsOnALineOfEachStep() throws Exception {
        Path log = scratch.resolve("fleet.log");
        Logging.apply(new LogSettings(LogFormat.JSON, Loggers.Level.DEBUG), log);
        try (TracedFleet fleet = new TracedFleet(scratch, Optional.empty())) {
            TracedFleet.Evicted evicted = fleet.putOverCapacity(Map.of("X-Request-Id", "the-put"));

            Eventually.holds(
                    Eventually.HANG,
                    () -> assertThat(lines(log, "eviction", evicted.id())).extracting(line -> line.message().replaceFirst("[:,].*", ""))
                            .containsExactlyInAnyOrder(
                                    "decided",
                                    "order sent to host-1",
                                    "order received by Kafka",
                                    "image unlinked",
                                    "report sent",
                                    "report taken"));
            assertThat(lines(log, "eviction", evicted.id())).filteredOn(line -> !line.message().startsWith("decided"))
                    .allSatisfy(line -> assertThat(line.keys()).containsEntry("replica", evicted.replica()));
            assertThat(lines(log, "request", "the-put")).extracting(Line::message)
                    .anyMatch(message -> message.startsWith("decided: traced key-1 goes, CAPACITY"))
                    .anyMatch(message -> message.equals("offered to the registry"));

            for (String topic : List.of("spillway.orders", "spillway.evictions")) {
                assertThat(fleet.headers(topic, evicted.id()))
                        .allSatisfy(headers -> assertThat(headers).doesNotContainKey("ce_traceparent"));
            }
            assertThat(fleet.headers("spillway.reports", evicted.replica()))
                    .allSatisfy(headers -> assertThat(headers).doesNotContainKey("ce_traceparent"));
        }
    }

    private record Line(String message, Map<String, String> keys) {}

    private static List<Line> lines(Path log, String key, String value) throws IOException {
        List<Line> found = new ArrayList<>();
        for (String text : Files.readAllLines(log)) {
            if (text.contains(value) && text.endsWith("}")) {
                JsonNode line = Http.mapper().readTree(text);
                Map<String, String> keys = new HashMap<>();
                line.path("kvpList").forEach(pair -> pair.properties().forEach(each -> keys.put(each.getKey(), each.getValue().asText())));
                if (value.equals(keys.get(key))) {
                    found.add(new Line(line.get("formattedMessage").asText(), keys));
                }
            }
        }
        return found;
    }
}
