package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A decoder that goes on after a restore computes what it would have computed without one, bit for bit. */
final class DecodingTest {
    private static final long SEED = 42;

    @TempDir
    Path folder;

    static Stream<Arguments> kinds() {
        return Stream.of(ElementType.values())
                .flatMap(
                        elements -> Stream.of(DimensionOrder.values())
                                .flatMap(order -> Stream.of(KeysAndValues.values()).map(places -> Arguments.of(elements, order, places))));
    }

    private static PagerMeta meta(PageShape shape) {
        return new PagerMeta(new ContentDigest("5eed".repeat(16)), shape, List.of());
    }

    /** Decodes greedily and returns the bits of all logits. */
    private static List<Integer> decode(TinyDecoder decoder, CachePager pager, String id, int first, int steps)
            throws InterruptedException {
        List<Integer> bits = new ArrayList<>();
        int token = first;
        for (int step = 0; step < steps; step++) {
            float[] logits = decoder.step(pager, id, token);
            token = 0;
            for (int at = 0; at < logits.length; at++) {
                bits.add(Float.floatToRawIntBits(logits[at]));
                if (logits[at] > logits[token]) {
                    token = at;
                }
            }
        }
        return bits;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void logitsAfterARestoreAreThoseWithoutOne(ElementType elements, DimensionOrder order, KeysAndValues places) throws Exception {
        PageShape shape = TinyDecoder.shape(elements, order, places);
        TinyDecoder decoder = new TinyDecoder(SEED, shape);
        try (PagePool pool = PagePool.inMemory(meta(shape), Metas.size(32));
                PagePool other = PagePool.inMemory(meta(shape), Metas.size(32))) {
            decode(decoder, pool, "a", 1, 10);
            pool.fork("a", "b");
            decode(decoder, pool, "b", 7, 3);
            Snapshot snapshot = SnapshotWriter.capture(pool, folder, new Packs(), _ -> {}).snapshot();
            List<Integer> a = decode(decoder, pool, "a", 2, 9);
            List<Integer> b = decode(decoder, pool, "b", 3, 9);

            decode(decoder, other, "there", 11, 6);
            List<Integer> there = List.copyOf(other.occupiedPages());
            List<LogicalSequence> restored = snapshot.restore(other, _ -> {});

            assertThat(restored).flatExtracting(LogicalSequence::pages).doesNotContainAnyElementsOf(there);
            assertThat(restored.get(0).pages().subList(0, 2)).isEqualTo(restored.get(1).pages().subList(0, 2));
            assertThat(restored.get(0).pages().getLast()).isNotEqualTo(restored.get(1).pages().get(2));
            assertThat(decode(decoder, other, "b", 3, 9)).isEqualTo(b);
            assertThat(decode(decoder, other, "a", 2, 9)).isEqualTo(a);
        }
    }

    @Test
    void logitsDependOnEveryTokenInThePages() throws Exception {
        PageShape shape = TinyDecoder.shape(ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE);
        TinyDecoder decoder = new TinyDecoder(SEED, shape);
        try (PagePool pool = PagePool.inMemory(meta(shape), Metas.size(32))) {
            decode(decoder, pool, "a", 1, 10);
            pool.fork("a", "b");
            int first = pool.ownPage("b", 0);
            var content = CachePagerContract.read(pool, first);
            content.put(0, (byte) (content.get(0) ^ 1));
            pool.writePage(first, content);

            assertThat(decode(decoder, pool, "b", 2, 1)).isNotEqualTo(decode(decoder, pool, "a", 2, 1));
        }
    }
}
