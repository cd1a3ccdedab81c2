package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Hits of one caller in a filled store, evenly over all artifacts. Warm hits find them in the page cache. Cold hits read each artifact once; before a
 * second read of any, the store is reopened and its files are dropped from the page cache.
 */
final class Hits implements Load {
    /** Share of the bytes of cold hits that must have come from the disk. Bytes that are read ahead count once. */
    private static final double FROM_DISK_MIN = 0.5;
    /**
     * One in this number of artifacts is read before all are dropped again. If more were read, Linux would have read too many of them ahead with
     * others.
     */
    private static final int COLD_SHARE = 8;

    private final DurableStore.Kind kind;
    private final Path directory;
    private final int artifacts;
    private final boolean cold;
    private final List<byte[]> contents;
    private @Nullable DurableStore store;
    private long readBefore;

    private Hits(DurableStore.Kind kind, Path directory, int artifacts, int bytes, boolean cold) {
        this.kind = kind;
        this.directory = directory;
        this.artifacts = artifacts;
        this.cold = cold;
        this.contents = Payloads.contents(bytes);
    }

    static Hits warm(DurableStore.Kind kind, Path directory, int artifacts, int bytes) {
        return new Hits(kind, directory, artifacts, bytes, false);
    }

    static Hits cold(DurableStore.Kind kind, Path directory, int artifacts, int bytes) {
        return new Hits(kind, directory, artifacts, bytes, true);
    }

    /** Fills the store, and syncs all of it to the disk. */
    void fill() throws InterruptedException {
        try (DurableStore filled = kind.open(directory)) {
            if (filled instanceof DurableStore.FileEach files) {
                files.fill(contents, artifacts);
            } else {
                for (int number = 0; number < artifacts; number++) {
                    filled.put(number, contents.get(number % contents.size()));
                }
                filled.flush();
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw failed(e);
        }
    }

    private BenchmarkFailedException failed(Exception cause) {
        return new BenchmarkFailedException("%s: %s".formatted(directory, cause), cause);
    }

    @Override
    public void prepare() {
        try {
            open();
            readBefore = PageCache.bytesReadFromDisk();
        } catch (Exception e) {
            throw failed(e);
        }
    }

    private void open() throws Exception {
        store = kind.open(directory);
        if (cold) {
            PageCache.drop(directory);
        }
    }

    /** Reopens the store, so that memory of RocksDB itself is freed, too. */
    private void reopen() throws Exception {
        if (store != null) {
            store.close();
        }
        open();
    }

    @Override
    public MeasuredOperation caller(int number) {
        SplittableRandom random = new SplittableRandom(number);
        int[] order = order(random);
        int[] next = {0};
        return () -> {
            if (cold && next[0] == artifacts / COLD_SHARE) {
                reopen();
                next[0] = 0;
            }
            hit(cold ? order[next[0]++] : random.nextInt(artifacts));
            return MeasuredOperation.Outcome.DONE;
        };
    }

    private int[] order(SplittableRandom random) {
        int[] order = new int[artifacts];
        for (int i = 0; i < artifacts; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    private void hit(int number) throws Exception {
        Optional<ByteBuffer> found = store == null ? Optional.empty() : store.get(number);
        byte[] expected = contents.get(number % contents.size());
        if (found.isEmpty() || found.get().remaining() != expected.length || found.get().get(0) != expected[0]) {
            throw new BenchmarkFailedException("%s: artifact %d is not what was put".formatted(directory, number));
        }
    }

    @Override
    public void verify(long done) {
        try (DurableStore filled = store) {
            long read = PageCache.bytesReadFromDisk() - readBefore;
            long bytes = done * contents.getFirst().length;
            if (filled == null || (cold && read < bytes * FROM_DISK_MIN)) {
                throw new BenchmarkFailedException("%,d bytes read from the disk in %,d cold hits of %,d".formatted(read, done, bytes));
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
