package dev.spillway.worker.host;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BuildTimesTest {
    private static final EntryName NAME = new EntryName(new NamespaceName("builds"), new EntryKey("app"));
    private final AtomicLong millis = new AtomicLong();
    private final BuildTimes times = new BuildTimes(() -> TimeUnit.MILLISECONDS.toNanos(millis.get()));

    private Map<String, String> labels(Description given) {
        return times.measured(NAME, given).labels();
    }

    private void missed() {
        times.missed(NAME);
    }

    private void pass(long millis) {
        this.millis.addAndGet(millis);
    }

    @Test
    void thePutAfterAMissTellsTheTimeBetween() {
        assertThat(labels(Description.NONE)).as("nothing is known").isEmpty();
        missed();
        pass(12_345);
        assertThat(labels(Description.of("a build"))).isEqualTo(Map.of("rebuild-seconds", "12.345"));
    }

    @Test
    void theLastMissCounts() {
        missed();
        pass(50_000);
        missed();
        pass(70);
        assertThat(labels(Description.NONE)).isEqualTo(Map.of("rebuild-seconds", "0.070"));
    }

    /** It is repeated, or somebody else missed at the same time. */
    @Test
    void aPutWithoutAMissTakesAsLongAsTheOneBefore() {
        missed();
        pass(600_000);
        assertThat(labels(Description.NONE)).isEqualTo(Map.of("rebuild-seconds", "600.000"));
        pass(3_000);
        assertThat(labels(Description.NONE)).isEqualTo(Map.of("rebuild-seconds", "600.000"));
        missed();
        pass(5_000);
        assertThat(labels(Description.NONE)).isEqualTo(Map.of("rebuild-seconds", "5.000"));
    }

    @Test
    void aMissThatACopyOfAnotherHostEndedIsNoBeginning() {
        missed();
        times.copied(NAME);
        pass(43_200_000);
        assertThat(labels(Description.NONE)).isEmpty();
    }

    @Test
    void whatThePutTellsItselfStays() {
        missed();
        Description told = new Description("", new TreeMap<>(Map.of("rebuild-seconds", "3600")));
        assertThat(labels(told)).isEqualTo(told.labels());
        Description full = new Description(
                "",
                new TreeMap<>(IntStream.range(0, 32).boxed().collect(Collectors.toMap(number -> "label-" + number, String::valueOf))));
        assertThat(labels(full)).isEqualTo(full.labels());
    }
}
