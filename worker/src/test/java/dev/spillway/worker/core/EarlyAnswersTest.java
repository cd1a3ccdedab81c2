package dev.spillway.worker.core;

import dev.spillway.events.Backend;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The policies under which a put is answered before the registry has taken it. */
class EarlyAnswersTest {
    private static final PolicySet.Entry USUAL =
            new PolicySet.Entry(new NamespaceName("n"), null, Backend.ARTIFACT, null, false, null);
    private static final PolicySet.Entry WRITE_ONCE =
            new PolicySet.Entry(new NamespaceName("n"), null, Backend.ARTIFACT, null, true, null);
    private static final PolicySet.Entry RESIDENT =
            new PolicySet.Entry(new NamespaceName("n"), null, Backend.ARTIFACT, Duration.ofHours(1), false, null);

    @Test
    void whereNothingThatFitsIsRefusedNobodyWaits() {
        assertThat(EarlyAnswers.mustWait(Optional.of(USUAL), 0)).isFalse();
        assertThat(EarlyAnswers.isShown(Optional.of(USUAL), false)).isTrue();
        assertThat(EarlyAnswers.isShown(Optional.of(USUAL), true)).isTrue();
    }

    @Test
    void whereTheRegistryMayRefuseNothingIsShownBeforeItsAnswer() {
        for (PolicySet.Entry policy : new PolicySet.Entry[]{WRITE_ONCE, RESIDENT}) {
            assertThat(EarlyAnswers.mustWait(Optional.of(policy), 0)).isTrue();
            assertThat(EarlyAnswers.isShown(Optional.of(policy), false)).isFalse();
            assertThat(EarlyAnswers.isShown(Optional.of(policy), true)).isFalse();
        }
    }

    @Test
    void anUnknownPolicyReplacesNothingThatReadersHave() {
        assertThat(EarlyAnswers.mustWait(Optional.empty(), 0)).isTrue();
        assertThat(EarlyAnswers.isShown(Optional.empty(), true)).isFalse();
        assertThat(EarlyAnswers.isShown(Optional.empty(), false)).isTrue();
    }

    @Test
    void aCopyOfARegisteredEntryNeverWaits() {
        assertThat(EarlyAnswers.mustWait(Optional.of(WRITE_ONCE), 7)).isFalse();
        assertThat(EarlyAnswers.mustWait(Optional.empty(), 7)).isFalse();
    }
}
