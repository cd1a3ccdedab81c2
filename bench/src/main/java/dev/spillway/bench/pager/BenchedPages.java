package dev.spillway.bench.pager;

import dev.spillway.events.ContentDigest;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PagePool;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Pages of one size, with contents that cannot be compressed. The first 8 bytes of a content are its page's number. */
final class BenchedPages {
    private static final int TOKENS = 16;
    private static final int HEAD_DIM = 64;
    /** Bytes of keys and values of one layer and head. */
    private static final int LEAST_BYTES = 2 * TOKENS * HEAD_DIM * 2;

    private BenchedPages() {}

    /**
     * Returns the kind of a pager.
     *
     * @param pageBytes a multiple of 4 KiB
     */
    static PagerMeta meta(int pageBytes) {
        return new PagerMeta(
                new ContentDigest("ab".repeat(32)),
                new PageShape(TOKENS, pageBytes / LEAST_BYTES, 1, HEAD_DIM, ElementType.BF16, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                List.of());
    }

    static PagePool.Size size(int pages, boolean checksums) {
        return new PagePool.Size(pages, 0, 0, checksums);
    }

    /** Allocates and writes all pages of a pager. */
    static void fill(PagePool pool) throws InterruptedException {
        Contents contents = new Contents(Math.toIntExact(pool.meta().page().bytes()), 1);
        for (int page : pool.allocatePages(pool.pageCount())) {
            pool.writePage(page, contents.next(page));
        }
    }

    /** Gives the pages of a pager to sequences of equal length, in order. */
    static void install(PagePool pool, int sequences) throws InterruptedException {
        int each = pool.pageCount() / sequences;
        pool.installSequences(
                IntStream.range(0, sequences)
                        .mapToObj(
                                number -> new LogicalSequence(
                                        "sequence-" + number,
                                        IntStream.range(number * each, (number + 1) * each).boxed().toList(),
                                        0))
                        .toList());
    }

    /** Contents, each unlike all others: a window of random bytes, behind a number. Not thread-safe. */
    static final class Contents {
        private final ByteBuffer random;
        private final ByteBuffer content;
        private final SplittableRandom offsets;

        Contents(int bytes, long seed) {
            byte[] drawn = new byte[2 * bytes];
            offsets = new SplittableRandom(seed);
            offsets.nextBytes(drawn);
            random = ByteBuffer.wrap(drawn);
            content = ByteBuffer.allocateDirect(bytes);
        }

        /** Returns a content that is valid until the next call. */
        ByteBuffer next(long number) {
            int length = content.capacity();
            content.clear().put(random.slice(offsets.nextInt(length), length)).flip();
            return content.putLong(0, number).putLong(length / 2, offsets.nextLong());
        }
    }
}
