package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import java.util.List;

/** Small kinds of pagers for tests. */
final class Metas {
    static final ContentDigest MODEL = new ContentDigest("a1".repeat(32));
    static final ContentDigest OTHER_MODEL = new ContentDigest("a2".repeat(32));

    private Metas() {}

    /** Pages of 2 x 2 layers x 4 tokens x 2 heads x 4 elements of 4 bytes: 512 bytes. */
    static PagerMeta small() {
        return of(DimensionOrder.NHD, KeysAndValues.SEPARATE, List.of());
    }

    static PagerMeta hybrid() {
        return of(
                DimensionOrder.NHD,
                KeysAndValues.SEPARATE,
                List.of(new StatePool("ssm", ElementType.F32, List.of(2L, 8L)), new StatePool("conv", ElementType.BF16, List.of(3L, 5L))));
    }

    static PagerMeta of(DimensionOrder order, KeysAndValues places, List<StatePool> states) {
        return new PagerMeta(MODEL, new PageShape(4, 2, 2, 4, ElementType.F32, order, places), states);
    }

    static PagePool.Size size(int pages) {
        return new PagePool.Size(pages, 8, 4, true);
    }
}
