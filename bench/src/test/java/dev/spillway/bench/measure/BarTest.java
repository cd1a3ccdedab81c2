package dev.spillway.bench.measure;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BarTest {
    @Test
    void aLeastIsHeldFromItsBoundOn() {
        assertThat(Bar.atLeast("puts", 40, 2, 20)).isEqualTo(new Bar("puts, at least", 40, 2.0, 20, 20, true));
        assertThat(Bar.atLeast("puts", 39, 2, 20).held()).isFalse();
    }

    @Test
    void aMostIsHeldUpToItsBound() {
        assertThat(Bar.atMost("heap", 6, 5, 1.2)).isEqualTo(new Bar("heap, at most", 6, 5.0, 1.2, 1.2, true));
        assertThat(Bar.atMost("heap", 7, 5, 1.2).held()).isFalse();
    }

    @Test
    void anAbsoluteBarHasNoBaseline() {
        assertThat(Bar.atMost("syncs", 2, 2)).isEqualTo(new Bar("syncs, at most", 2, null, 2, 2, true));
        assertThat(Bar.atMost("syncs", 3, 2).held()).isFalse();
    }
}
