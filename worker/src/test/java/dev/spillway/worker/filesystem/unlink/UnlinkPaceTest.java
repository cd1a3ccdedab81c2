package dev.spillway.worker.filesystem.unlink;

import dev.spillway.worker.filesystem.unlink.UnlinkPace.Rates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The clock stands still but for what is slept. */
class UnlinkPaceTest {
    private static final long MIB = 1 << 20;

    private long now = Long.MAX_VALUE - 1_000_000;
    private Duration shortFrom = Duration.ofDays(1_000);
    private Duration waited = Duration.ZERO;
    private final List<Duration> slept = new ArrayList<>();

    private UnlinkPace pace(long entriesPerSecond, long bytesPerSecond) {
        return new UnlinkPace(new Rates(entriesPerSecond, bytesPerSecond), () -> waited.compareTo(shortFrom) >= 0, () -> now, this::sleep);
    }

    private void sleep(Duration time) {
        slept.add(time);
        waited = waited.plus(time);
        now += time.toNanos();
    }

    private void forgetTheWaits() {
        slept.clear();
        waited = Duration.ZERO;
    }

    private static void remove(UnlinkPace pace, int entries, long bytesEach) throws Exception {
        for (int entry = 0; entry < entries; entry++) {
            pace.await(bytesEach);
        }
    }

    @Test
    void aSmallTreeGoesAtOnce() throws Exception {
        remove(pace(1_000, 100 * MIB), 250, 4_096);
        assertThat(slept).isEmpty();
    }

    @Test
    void aLargeTreeIsPacedInsideByItsEntries() throws Exception {
        remove(pace(1_000, 0), 100_000, MIB);
        assertThat(waited).isBetween(Duration.ofMillis(99_740), Duration.ofMillis(99_760));
        assertThat(slept).allSatisfy(time -> assertThat(time).isBetween(UnlinkPace.WAIT_MIN, UnlinkPace.LOOK_AGAIN));
    }

    @Test
    void byItsBytesWhenTheseAreMore() throws Exception {
        remove(pace(1_000, 10 * MIB), 100, MIB);
        assertThat(waited).isBetween(Duration.ofMillis(9_640), Duration.ofMillis(9_660));
    }

    @Test
    void aLargeFileGoesAtOnceAndWhatFollowsWaits() throws Exception {
        UnlinkPace pace = pace(0, 100 * MIB);
        pace.await(1_000 * MIB);
        assertThat(slept).isEmpty();
        pace.await(1);
        assertThat(waited).isEqualTo(Duration.ofMillis(9_750));
    }

    @Test
    void allWhoUnlinkShareThePace() throws Exception {
        UnlinkPace pace = pace(100, 0);
        for (int turn = 0; turn < 500; turn++) {
            remove(pace, 1, 0);
            remove(pace, 1, 0);
        }
        assertThat(waited).isBetween(Duration.ofMillis(9_730), Duration.ofMillis(9_750));
    }

    @Test
    void aLongRestIsWorthNoMoreThanTheCredit() throws Exception {
        UnlinkPace pace = pace(1_000, 0);
        remove(pace, 1_000, 0);
        now += Duration.ofHours(1).toNanos();
        forgetTheWaits();
        remove(pace, 252, 0);
        assertThat(slept).isEmpty();
        remove(pace, 1_000, 0);
        assertThat(waited).isBetween(Duration.ofMillis(995), Duration.ofMillis(1_005));
    }

    @Test
    void withoutBoundsNobodyWaits() throws Exception {
        remove(pace(0, 0), 100_000, 1_000 * MIB);
        assertThat(slept).isEmpty();
    }

    @Test
    void whileTheDiskIsShortOfSpaceNobodyWaitsAndNothingIsOwedForIt() throws Exception {
        shortFrom = Duration.ofMillis(300);
        UnlinkPace pace = pace(100, 100 * MIB);
        pace.await(1_000 * MIB);
        remove(pace, 10_000, 10 * MIB);
        assertThat(waited).as("the wait is broken off at the first look").isEqualTo(Duration.ofMillis(300));
        shortFrom = Duration.ofDays(1_000);
        forgetTheWaits();
        remove(pace, 11, 0);
        assertThat(waited).isBetween(Duration.ofMillis(80), Duration.ofMillis(220));
    }

    @Test
    void aRateBelowZeroIsRefused() {
        assertThatThrownBy(() -> new Rates(-1, 0)).hasMessage("entriesPerSecond: -1 (expected: 0 or more)");
        assertThatThrownBy(() -> new Rates(0, -5)).hasMessage("bytesPerSecond: -5 (expected: 0 or more)");
    }
}
