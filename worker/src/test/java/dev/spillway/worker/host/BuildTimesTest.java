package dev.spillway.worker.host;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BuildTimesTest {
    private static final EntryName NAME = new EntryName(new NamespaceName("builds"), new EntryKey("app"));
    private static final Instant START = Instant.parse("2026-12-01T10:00:00Z");

    private final BuildTimes times = new BuildTimes();

    private Map<String, String> labels(Description given, long millis) {
        return times.measured(NAME, given, START.plusMillis(millis)).labels();
    }

    @Test
    void thePutAfterAMissTellsTheTimeBetween() {
        times.missed(NAME, START);
        assertThat(labels(Description.of("a build"), 12_345)).isEqualTo(Map.of("rebuild-seconds", "12.345"));
        assertThat(labels(Description.NONE, 20_000)).as("a put without a miss").isEmpty();
    }

    @Test
    void theLastMissCounts() {
        times.missed(NAME, START);
        times.missed(NAME, START.plusSeconds(50));
        assertThat(labels(Description.NONE, 50_000 + 70)).isEqualTo(Map.of("rebuild-seconds", "0.070"));
    }

    @Test
    void whatThePutTellsItselfStays() {
        times.missed(NAME, START);
        Description told = new Description("", new TreeMap<>(Map.of("rebuild-seconds", "3600")));
        assertThat(labels(told, 5)).isEqualTo(told.labels());
        times.missed(NAME, START);
        Description full = new Description("",
                new TreeMap<>(IntStream.range(0, 32).boxed().collect(Collectors.toMap(number -> "label-" + number, String::valueOf))));
        assertThat(labels(full, 5)).isEqualTo(full.labels());
    }

    @Test
    void aClockThatWasSetBackMeasuresNothing() {
        times.missed(NAME, START);
        assertThat(labels(Description.NONE, -1)).isEmpty();
    }
}
