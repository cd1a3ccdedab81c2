package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fills slots from packs, and verifies each. Several threads take one slot after the other, because copying and verifying take processor time. When
 * this returns or throws, no thread uses a slot any more. Used once.
 */
final class SlotFills {
    private static final int THREADS_MAX = 4;
    /** Smallest number of bytes per thread. To fill fewer takes less time than to start a thread. */
    private static final long BYTES_OF_A_THREAD = 1 << 20;

    private final PagePool pool;
    private final Map<String, PackReader> packs;
    private final List<Fill> fills;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger filled = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private volatile boolean stopped;
    private int failedAt = Integer.MAX_VALUE;
    private @Nullable Exception failure;

    /**
     * A slot to be filled.
     *
     * @param name name of the page or state, for a refusal
     */
    record Fill(int slot, PackPage page, ElementType elements, List<Long> dimensions, Supplier<String> name) {
        long bytes() {
            return PageShape.bytes(elements, dimensions);
        }
    }

    /** @param packs all packs that the fills need, by name */
    SlotFills(PagePool pool, Map<String, PackReader> packs, List<Fill> fills) {
        this.pool = pool;
        this.packs = packs;
        this.fills = fills;
    }

    /**
     * Fills all slots.
     *
     * @param progress called by the calling thread alone
     * @throws PagerRefusedException naming the first slot whose content does not match its hash
     */
    void run(ProgressListener progress) throws IOException, InterruptedException {
        long all = fills.stream().mapToLong(Fill::bytes).sum();
        int helpers = (int) Math.min(Math.min(THREADS_MAX, Runtime.getRuntime().availableProcessors()) - 1, all / BYTES_OF_A_THREAD);
        if (helpers > 0) {
            try (ExecutorService threads =
                    Executors.newFixedThreadPool(helpers, Thread.ofPlatform().daemon().name("restore-", 0).factory())) {
                for (int helper = 0; helper < helpers; helper++) {
                    threads.execute(this::help);
                }
                boolean done = false;
                try {
                    fill(progress);
                    done = true;
                } finally {
                    // Closing waits for the other threads, which fill the remaining slots unless this one failed.
                    stopped = stopped || !done;
                }
            }
        } else {
            fill(progress);
        }
        throwFailure();
        if (filled.get() != fills.size()) {
            throw new IllegalStateException("%d slots are filled (expected: %d)".formatted(filled.get(), fills.size()));
        }
        progress.done(bytes.get());
    }

    private void help() {
        try {
            fill(_ -> {});
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("progress of nothing", e);
        }
    }

    private void fill(ProgressListener progress) throws IOException, InterruptedException {
        while (!stopped) {
            int at = next.getAndIncrement();
            if (at >= fills.size()) {
                break;
            }
            try {
                fill(fills.get(at));
            } catch (IOException | RuntimeException e) {
                note(at, e);
                return;
            }
            progress.done(bytes.get());
        }
    }

    private void fill(Fill fill) throws IOException, InterruptedException {
        PackPage page = fill.page();
        PackReader pack = packs.get(page.pack());
        if (pack == null) {
            throw new IllegalStateException(page.pack() + " is not open");
        }
        PageHash hash = Snapshot.named(
                fill.name(),
                () -> pool.fill(fill.slot(), pack.file(), pack.offset(page.at(), fill.elements(), fill.dimensions()), page));
        if (!hash.equals(page.hash())) {
            throw mismatch(fill, pack);
        }
        bytes.addAndGet(fill.bytes());
        filled.incrementAndGet();
    }

    /** Reads the pack again. If it has the right bytes, the snapshot is sound, and the pager's memory was changed during the restore. */
    private static PagerRefusedException mismatch(Fill fill, PackReader pack) throws IOException, InterruptedException {
        try (Arena memory = Arena.ofConfined()) {
            ByteBuffer stored = memory.allocate(fill.bytes()).asByteBuffer();
            pack.read(fill.page().at(), fill.elements(), fill.dimensions(), stored);
            Snapshot.requireContent(stored, fill.page(), fill.name());
        }
        return new PagerRefusedException(
                Reason.MEMORY_DAMAGED,
                "%s: was changed in the pager's memory while it was restored (expected: no engine writes a reserved slot, as %d is); the snapshot is sound"
                        .formatted(fill.name().get(), fill.slot()));
    }

    /** Keeps the failure of the first slot in the order of the fills. All slots before it were taken earlier, and are filled to their end. */
    private synchronized void note(int at, Exception thrown) {
        stopped = true;
        if (at < failedAt) {
            failedAt = at;
            failure = thrown;
        }
    }

    private synchronized void throwFailure() throws IOException {
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }
}
