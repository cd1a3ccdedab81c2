package dev.spillway.bench.pager;

import dev.spillway.pager.PagePool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Reads and writes of pages, and copies of the same bytes, run by JMH. Each goes through all pages of its own memory in a random order that is the same
 * for all, from or into one buffer. A page that has not its number ends the run.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PageCopies {
    private static final long MEMORY_BYTES = 512L << 20;
    private static final ValueLayout.OfLong NUMBER = ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

    /** The order of the pages, and the buffer. */
    @State(Scope.Thread)
    public abstract static class Pages {
        @Param({"131072", "2097152"})
        int pageBytes;
        ByteBuffer buffer = ByteBuffer.allocateDirect(0);
        MemorySegment segment = MemorySegment.NULL;
        private int[] order = new int[0];
        private int next;

        void draw() {
            buffer = new BenchedPages.Contents(pageBytes, 2).next(0);
            segment = MemorySegment.ofBuffer(buffer);
            order = IntStream.range(0, count()).toArray();
            SplittableRandom random = new SplittableRandom(3);
            for (int left = order.length; left > 1; left--) {
                int chosen = random.nextInt(left);
                int swapped = order[chosen];
                order[chosen] = order[left - 1];
                order[left - 1] = swapped;
            }
        }

        int count() {
            return Math.toIntExact(MEMORY_BYTES / pageBytes);
        }

        int next() {
            next = next + 1 == order.length ? 0 : next + 1;
            return order[next];
        }

        void requireNumber(int page) {
            if (buffer.getLong(0) != page) {
                throw new IllegalStateException("page %d: starts with %d (expected: its number)".formatted(page, buffer.getLong(0)));
            }
        }
    }

    /** Memory that is no pager. */
    @State(Scope.Thread)
    public static class Plain extends Pages {
        private final Arena arena = Arena.ofShared();
        MemorySegment memory = MemorySegment.NULL;

        @Setup
        public void fill() {
            memory = arena.allocate(MEMORY_BYTES, 4096);
            BenchedPages.Contents contents = new BenchedPages.Contents(pageBytes, 1);
            for (int page = 0; page < count(); page++) {
                memory.asSlice((long) page * pageBytes, pageBytes).copyFrom(MemorySegment.ofBuffer(contents.next(page)));
            }
            draw();
        }

        @TearDown
        public void close() {
            arena.close();
        }
    }

    /** A pager that computes no check when a page is written, so it can verify none. */
    @State(Scope.Thread)
    public static class Unchecked extends Pages {
        PagePool pool = PagePool.inMemory(BenchedPages.meta(4096), BenchedPages.size(1, false));

        @Setup
        public void fill() throws InterruptedException {
            fill(false);
        }

        void fill(boolean checksums) throws InterruptedException {
            pool.close();
            pool = PagePool.inMemory(BenchedPages.meta(pageBytes), BenchedPages.size(count(), checksums));
            BenchedPages.fill(pool);
            draw();
        }

        @TearDown
        public void close() {
            pool.close();
        }
    }

    /** A pager that verifies each page that is read. */
    @State(Scope.Thread)
    public static class Checked extends Unchecked {
        @Override
        @Setup
        public void fill() throws InterruptedException {
            fill(true);
        }
    }

    @Benchmark
    public ByteBuffer copyOut(Plain plain) {
        int page = plain.next();
        MemorySegment.copy(plain.memory, (long) page * plain.pageBytes, plain.segment, 0, plain.pageBytes);
        plain.requireNumber(page);
        return plain.buffer;
    }

    @Benchmark
    public ByteBuffer read(Unchecked pages) {
        return read(pages, pages.next());
    }

    @Benchmark
    public ByteBuffer readVerified(Checked pages) {
        return read(pages, pages.next());
    }

    private static ByteBuffer read(Unchecked pages, int page) {
        pages.pool.readPage(page, pages.buffer);
        pages.requireNumber(page);
        return pages.buffer;
    }

    @Benchmark
    public MemorySegment copyIn(Plain plain) {
        int page = plain.next();
        plain.segment.set(NUMBER, 0, page);
        MemorySegment.copy(plain.segment, 0, plain.memory, (long) page * plain.pageBytes, plain.pageBytes);
        return plain.memory;
    }

    @Benchmark
    public PagePool write(Unchecked pages) throws InterruptedException {
        return write(pages, pages.next());
    }

    @Benchmark
    public PagePool writeChecked(Checked pages) throws InterruptedException {
        return write(pages, pages.next());
    }

    private static PagePool write(Unchecked pages, int page) throws InterruptedException {
        pages.segment.set(NUMBER, 0, page);
        pages.pool.writePage(page, pages.buffer);
        return pages.pool;
    }
}
