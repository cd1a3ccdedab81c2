package dev.spillway.bench.measure;

import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HeapTest {
    private static final int KEPT = 64 << 20;

    @Test
    void whatIsKeptIsSeenAndWhatIsDroppedIsNot() {
        double before = Heap.afterCollection();
        double with = keeping(new byte[KEPT]);
        double without = Heap.afterCollection();
        assertThat(with - before).isGreaterThan(0.9 * KEPT);
        assertThat(without - before).isLessThan(0.1 * KEPT);
    }

    private static double keeping(byte[] kept) {
        try {
            return Heap.afterCollection();
        } finally {
            Reference.reachabilityFence(kept);
        }
    }
}
