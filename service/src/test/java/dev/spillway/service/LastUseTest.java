package dev.spillway.service;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests when a part counts as failed, with a clock that the test moves. */
class LastUseTest {
    private static final Duration MOMENT = Duration.ofMillis(1);

    private final AtomicLong nanos = new AtomicLong(-7);
    private final LastUse use = new LastUse(nanos::get);

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private boolean works() {
        try {
            use.requireWorking();
            return true;
        } catch (UnusableServerException e) {
            return false;
        }
    }

    @Test
    void aPartThatNobodyUsedWorks() {
        pass(Duration.ofDays(1));
        assertThatCode(use::requireWorking).doesNotThrowAnyException();
    }

    @Test
    void oneFailureIsNeverSeenHoweverLongNothingFollows() {
        use.failed("refused");
        for (int second = 0; second < 100; second++) {
            assertThat(works()).isTrue();
            pass(Duration.ofSeconds(1));
        }
    }

    @Test
    void failuresOverItsPatienceAreSaidWithTheLastReason() {
        use.failed("first");
        pass(LastUse.PATIENCE.minus(MOMENT));
        use.failed("too early");
        assertThat(works()).isTrue();
        pass(MOMENT);
        use.failed("disk full");
        assertThatThrownBy(use::requireWorking).isInstanceOf(UnusableServerException.class).hasMessage("disk full, for 3 s");
    }

    @Test
    void aUseThatWorkedEndsItAndFailuresAreCountedAnew() {
        use.failed("refused");
        pass(LastUse.PATIENCE);
        use.failed("refused");
        use.worked();
        assertThat(works()).isTrue();
        use.failed("refused");
        pass(LastUse.PATIENCE.minus(MOMENT));
        use.failed("refused");
        assertThat(works()).isTrue();
    }

    @Test
    void aUseThatNeverEndsIsSaid() {
        use.begun();
        pass(LastUse.STUCK_AFTER.minus(MOMENT));
        assertThat(works()).isTrue();
        pass(MOMENT);
        assertThatThrownBy(use::requireWorking).hasMessage("no answer for 5 s");
        use.ended();
        assertThat(works()).isTrue();
    }

    @Test
    void aUseThatTookLongToFailFailedSinceItBegan() {
        use.begun();
        pass(Duration.ofSeconds(15));
        use.failed("not acknowledged");
        assertThatThrownBy(use::requireWorking).hasMessage("not acknowledged, for 15 s");
    }

    @Test
    void whatNobodyMetAgainIsForgotten() {
        use.failed("refused");
        pass(LastUse.PATIENCE);
        use.failed("refused");
        pass(LastUse.STALE_AFTER.minus(MOMENT));
        assertThat(works()).isFalse();
        pass(MOMENT);
        assertThat(works()).isTrue();
    }
}
