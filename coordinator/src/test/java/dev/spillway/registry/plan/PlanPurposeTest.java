package dev.spillway.registry.plan;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.EntryKey;
import dev.spillway.events.codec.Json;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PlanPurposeTest {
    private final ObjectMapper json = Json.tolerant();

    @Test
    void aPruneThatWasStoredBeforeOrdersOfEvictionDifferedIsReadAsItWas() throws Exception {
        assertThat(json.readValue("{\"kind\":\"PRUNE\",\"maxEntries\":5,\"idleFor\":\"PT1H\",\"keyPrefix\":\"a\"}", PlanPurpose.class))
                .isEqualTo(new PlanPurpose.Prune(5L, null, Duration.ofHours(1), new EntryKey("a")));
    }

    @Test
    void whatIsStoredIsReadAgain() throws Exception {
        PlanPurpose apart = new PlanPurpose.Prune(null, 7L, Duration.ofHours(1), null, true);
        assertThat(json.readValue(json.writeValueAsString(apart), PlanPurpose.class)).isEqualTo(apart);
    }
}
