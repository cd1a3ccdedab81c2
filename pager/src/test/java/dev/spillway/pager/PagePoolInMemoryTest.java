package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class PagePoolInMemoryTest extends CachePagerContract {
    @Override
    protected CachePager create(PagerMeta meta, int pages) {
        return PagePool.inMemory(meta, Metas.size(pages));
    }

    @Test
    void sequencesWithoutPagesAreBounded() throws Exception {
        try (PagePool pool = PagePool.inMemory(Metas.small(), Metas.size(8))) {
            pool.installSequences(IntStream.range(0, 100_008).mapToObj(number -> empty("s" + number)).toList());

            SnapshotFixture.assertRefused(Reason.EXHAUSTED, "at most 100008 in all", () -> pool.installSequences(List.of(empty("more"))));

            pool.removeSequence("s7");
            pool.installSequences(List.of(empty("more")));
            assertThat(pool.sequenceCount()).isEqualTo(100_008);
        }
    }

    private static LogicalSequence empty(String id) {
        return new LogicalSequence(id, List.of(), 0);
    }
}
