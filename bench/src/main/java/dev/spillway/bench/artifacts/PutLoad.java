package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.bench.measure.TemporaryFolder;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Puts into a store that each run begins empty. Nothing is flushed before the run has ended. */
final class PutLoad implements Load {
    private static final int CHECKED = 1_000;

    private final DurableStore.Kind kind;
    private final Path directory;
    private final List<byte[]> contents;
    private final AtomicLong next = new AtomicLong();
    private @Nullable DurableStore store;

    PutLoad(DurableStore.Kind kind, Path directory, int bytes) {
        this.kind = kind;
        this.directory = directory;
        this.contents = Payloads.contents(bytes);
    }

    @Override
    public void prepare() {
        next.set(0);
        try {
            store = kind.open(directory);
        } catch (Exception e) {
            throw new BenchmarkFailedException("%s: %s".formatted(directory, e), e);
        }
    }

    private DurableStore store() {
        if (store == null) {
            throw new IllegalStateException("no store (expected: prepared)");
        }
        return store;
    }

    @Override
    public MeasuredOperation caller(int number) {
        return () -> {
            long artifact = next.getAndIncrement();
            store().put(artifact, contents.get((int) (artifact % contents.size())));
            return MeasuredOperation.Outcome.DONE;
        };
    }

    /** Looks at artifacts from the first to the last, and deletes the store. */
    @Override
    public void verify(long done) throws InterruptedException {
        try (DurableStore written = store()) {
            written.flush();
            for (int i = 0; i < CHECKED; i++) {
                long number = (done - 1) * i / CHECKED;
                Optional<ByteBuffer> content = written.get(number);
                if (!content.equals(Optional.of(ByteBuffer.wrap(contents.get((int) (number % contents.size())))))) {
                    throw new BenchmarkFailedException("%s: artifact %d of %d is not what was put".formatted(kind, number, done));
                }
            }
        } catch (InterruptedException | BenchmarkFailedException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("%s: %s".formatted(directory, e), e);
        }
        TemporaryFolder.delete(directory);
    }
}
