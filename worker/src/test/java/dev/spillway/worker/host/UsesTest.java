package dev.spillway.worker.host;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class UsesTest {
    private static final int KEYS_MAX = 10_000;
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final Uses uses = new Uses();

    private static EntryName name(int number) {
        return new EntryName(new NamespaceName("trees"), new EntryKey("k" + number));
    }

    @Test
    void ofMoreKeysThanAreKeptTheOneWhoseLastUseIsOldestIsForgotten() {
        for (int number = 0; number < KEYS_MAX; number++) {
            uses.hit(name(number), BEGIN.plusSeconds(number));
        }
        Instant again = BEGIN.plusSeconds(KEYS_MAX);
        uses.hit(name(0), again);

        uses.hit(name(KEYS_MAX), again.plusSeconds(1));

        assertThat(uses.accessedAt(name(0))).contains(again);
        assertThat(uses.accessedAt(name(1))).isEmpty();
        assertThat(uses.accessedAt(name(2))).contains(BEGIN.plusSeconds(2));
        assertThat(uses.hits()).isEqualTo(KEYS_MAX + 2);
    }
}
