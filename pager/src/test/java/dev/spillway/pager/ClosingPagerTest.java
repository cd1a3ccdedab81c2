package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A pager that closes while many threads use it in every way. */
@Timeout(600)
final class ClosingPagerTest extends SnapshotFixture {
    private static final PagerMeta META = Metas.hybrid();
    private static final int ROUNDS = 80;
    private static final int PAGES = 64;
    /** Reasons for which a use may be refused while other uses change its pages and sequences. */
    private static final Set<Reason> OF_OTHERS = EnumSet.of(
            Reason.EXHAUSTED,
            Reason.UNKNOWN,
            Reason.EXISTS,
            Reason.SHARED,
            Reason.RESERVED,
            Reason.BUSY);

    /** A use of a pager that is made again and again until the pager is closed. */
    private interface Use {
        void make(PagePool pool, Random random) throws IOException, InterruptedException;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyUseEndsWithItsResultOrIsRefusedAsClosed(boolean inFile) throws Exception {
        Path files = Files.createDirectory(folder.resolve("files"));
        Snapshot snapshot = ofAnotherPager();
        List<Use> uses = List.of(
                ClosingPagerTest::read,
                ClosingPagerTest::read,
                ClosingPagerTest::write,
                ClosingPagerTest::replace,
                ClosingPagerTest::fork,
                (pool, _) -> captured(pool),
                (pool, _) -> captured(pool),
                (pool, _) -> restore(pool, snapshot),
                (pool, _) -> pause(pool));
        Random random = new Random(14);
        for (int round = 0; round < ROUNDS; round++) {
            PagePool pool = inFile ? PagePool.inFile(META, Metas.size(PAGES), files.resolve("pager")) : pool(META, PAGES);
            add(pool, "a", 9, 1, 1);
            add(pool, "b", 9, 1, 2);
            AtomicInteger made = new AtomicInteger();
            int enough = random.nextInt(2_000);
            try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory())) {
                List<Future<?>> running = new ArrayList<>();
                for (Use use : uses) {
                    Random ofUse = new Random(random.nextLong());
                    running.add(threads.submit(() -> untilClosed(pool, use, ofUse, made)));
                }
                while (made.get() < enough && running.stream().noneMatch(Future::isDone)) {
                    Thread.onSpinWait();
                }
                Future<?> another = threads.submit(pool::close);
                pool.close();
                another.get(5, TimeUnit.MINUTES);
                assertThat(files).as("round %d", round).isEmptyDirectory();
                for (Future<?> use : running) {
                    use.get(5, TimeUnit.MINUTES);
                }
            }
            assertRefused(Reason.CLOSED, "", pool::sequences);
            assertThat(pool.isPaused()).as("paused in round %d", round).isFalse();
        }
    }

    private Snapshot ofAnotherPager() throws IOException, InterruptedException {
        try (PagePool other = pool(META, 8)) {
            add(other, "restored", 8, 1, 3);
            return capture(other).snapshot();
        }
    }

    private static Void untilClosed(PagePool pool, Use use, Random random, AtomicInteger made) throws IOException, InterruptedException {
        while (true) {
            try {
                use.make(pool, random);
            } catch (PagerRefusedException e) {
                if (e.reason() == Reason.CLOSED) {
                    return null;
                }
                if (!OF_OTHERS.contains(e.reason())) {
                    throw e;
                }
            }
            made.incrementAndGet();
        }
    }

    /** Returns a page of a sequence that stays. */
    private static int stayingPage(PagePool pool, Random random) {
        List<LogicalSequence> staying =
                pool.sequences().stream().filter(sequence -> sequence.id().equals("a") || sequence.id().equals("b")).toList();
        List<Integer> pages = staying.get(random.nextInt(staying.size())).pages();
        return pages.get(random.nextInt(pages.size()));
    }

    private static ByteBuffer state(String pool) {
        return ByteBuffer.allocate(pool.equals("ssm") ? 64 : 30);
    }

    private static void read(PagePool pool, Random random) {
        CachePagerContract.read(pool, stayingPage(pool, random));
        pool.readState("a", "ssm", state("ssm"));
        assertThat(pool.sequenceCount()).isPositive();
        assertThat(pool.sequenceSlots()).isNotEmpty();
        assertThat(pool.occupiedPages()).isNotEmpty();
    }

    private static void write(PagePool pool, Random random) throws InterruptedException {
        pool.writeState("b", "conv", state("conv"));
        // Also one that is free, or that a restore fills.
        pool.writePage(random.nextInt(PAGES), CachePagerContract.content(META, random.nextLong()));
    }

    private static void replace(PagePool pool, Random random) throws InterruptedException {
        List<Integer> pages = pool.allocatePages(2);
        pool.freePages(pages.subList(0, 1));
        pool.writePage(pages.get(1), CachePagerContract.content(META, random.nextLong()));
        pool.installSequences(List.of(new LogicalSequence("new", pages.subList(1, 2), 2)));
        pool.removeSequence("new");
    }

    private static void fork(PagePool pool, Random random) throws InterruptedException {
        pool.fork("a", "fork");
        try {
            int own = pool.ownPage("fork", random.nextInt(9));
            pool.writePage(own, CachePagerContract.content(META, random.nextLong()));
        } finally {
            pool.removeSequence("fork");
        }
    }

    private void captured(PagePool pool) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory(folder, "capture");
        SnapshotWriter.Captured captured = SnapshotWriter.capture(pool, directory, packs, _ -> {});
        SnapshotWriter.published(captured, directory, pool, packs);
        assertThat(captured.snapshot().sequences()).contains("a", "b");
    }

    private static void restore(PagePool pool, Snapshot snapshot) throws IOException, InterruptedException {
        assertThat(snapshot.restore(pool, _ -> {})).hasSize(1);
        pool.removeSequence("restored");
    }

    private static void pause(PagePool pool) throws InterruptedException {
        pool.pause();
        pool.resume();
    }
}
