package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PlaceChecksTest {
    /** Manifests that were written before hold this value. */
    @Test
    void aCheckIsTheSameAsEver() {
        PagerMeta meta = new PagerMeta(
                new ContentDigest("ab".repeat(32)),
                new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                List.of());
        PageHash hash = PageHash.parse("0123456789abcdef0011223344556677");

        assertThat(new PlaceChecks(meta).of(hash, "chat é", "ssm", 7)).isEqualTo("f07030acbf2a8cbd");
    }
}
