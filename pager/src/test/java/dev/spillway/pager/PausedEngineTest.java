package dev.spillway.pager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Captures of an engine that has mapped the file, while others begin and end pauses. */
@Timeout(300)
final class PausedEngineTest {
    private static final long CAPTURING = 320;
    private static final long PAUSE_ASKED = 384;
    private static final long PAUSE_TAKEN = 448;
    private static final long PAUSE_ENDED = 512;
    private static final long ENGINE = 576;
    private static final long CLOSED = 768;
    private static final int PAGES = 6;
    private static final PagerMeta META = Metas.small();

    @TempDir
    private Path folder;
    private PagePool pool;
    private FileChannel file;
    private Thread pauses;
    private final AtomicBoolean ended = new AtomicBoolean();

    @BeforeEach
    void start() throws Exception {
        Path path = folder.resolve("pager");
        pool = PagePool.inFile(META, Metas.size(PAGES), path);
        file = FileChannel.open(path, READ, WRITE);
        List<Integer> pages = pool.allocatePages(PAGES);
        for (int page : pages) {
            pool.writePage(page, CachePagerContract.content(META, page));
        }
        pool.installSequences(List.of(new LogicalSequence("a", pages, 0)));
        pauses = Thread.ofPlatform().start(this::takePauses);
    }

    @AfterEach
    void stop() throws Exception {
        ended.set(true);
        pauses.join();
        pool.close();
        file.close();
    }

    /** The part of the engine between its steps. */
    private void takePauses() {
        try {
            while (!ended.get()) {
                if (get(PAUSE_TAKEN) != get(PAUSE_ASKED)) {
                    set(PAUSE_TAKEN, get(PAUSE_ASKED));
                }
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A step of the engine, which saves nothing and writes all pages, unless it is paused. */
    private void step() throws IOException {
        if (isPaused()) {
            return;
        }
        long data = new PageFileLayout(META, PAGES, 8, 4).dataOffset();
        for (int page = 0; page < PAGES; page++) {
            set((64L << 10) + page * 64L + 16, 0);
            file.write(CachePagerContract.content(META, 100 + page), data + page * META.page().bytes());
        }
    }

    private boolean isPaused() throws IOException {
        return get(PAUSE_ENDED) < get(PAUSE_ASKED);
    }

    private long get(long offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        file.read(word, offset);
        return word.getLong(0);
    }

    private void set(long offset, long value) throws IOException {
        file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value), offset);
    }

    /** Something that happens when the first page has been read. */
    private interface Event {
        void happen() throws IOException, InterruptedException;
    }

    private SnapshotWriter.Captured captureWhile(Event event) throws Exception {
        AtomicBoolean happened = new AtomicBoolean();
        SnapshotWriter.Captured captured =
                SnapshotWriter.capture(pool, Files.createDirectory(folder.resolve("snapshot")), new Packs(), _ -> {
                    if (happened.compareAndSet(false, true)) {
                        event.happen();
                        step();
                    }
                });
        assertThat(happened).isTrue();
        return captured;
    }

    private void assertHoldsThePagesOfThePause(SnapshotWriter.Captured captured) throws Exception {
        try (PagePool other = PagePool.inMemory(META, Metas.size(PAGES))) {
            List<Integer> restored = captured.snapshot().restore(other, _ -> {}).getFirst().pages();
            for (int at = 0; at < PAGES; at++) {
                assertThat(CachePagerContract.read(other, restored.get(at))).isEqualTo(CachePagerContract.content(META, at));
            }
        }
    }

    private void assertGoesOn() throws IOException {
        assertThat(isPaused()).isFalse();
        step();
        assertThat(CachePagerContract.read(pool, 0)).isEqualTo(CachePagerContract.content(META, 100));
    }

    @Test
    void whoeverResumesEndsNoPauseOfACapture() throws Exception {
        set(ENGINE, 2);

        SnapshotWriter.Captured captured = captureWhile(() -> {
            pool.resume();
            assertThat(pool.isPaused()).isTrue();
        });

        assertHoldsThePagesOfThePause(captured);
        assertThat(captured.stayedPaused()).isTrue();
        assertGoesOn();
    }

    @Test
    void aPauseOfACallerThatEndsWithinACaptureEndsNoPauseOfTheCapture() throws Exception {
        set(ENGINE, 2);
        pool.pause();

        SnapshotWriter.Captured captured = captureWhile(() -> {
            assertThat(isPaused()).isTrue();
            pool.resume();
        });

        assertHoldsThePagesOfThePause(captured);
        assertThat(captured.stayedPaused()).isTrue();
        assertGoesOn();
    }

    @Test
    void aPauseThatBeginsWithinACaptureOutlastsIt() throws Exception {
        set(ENGINE, 2);

        SnapshotWriter.Captured captured = captureWhile(pool::pause);

        assertHoldsThePagesOfThePause(captured);
        assertThat(isPaused()).isTrue();
        pool.resume();
        assertGoesOn();
    }

    @Test
    void aPagerThatClosesLetsAnEngineInAPauseGoOn() throws Exception {
        set(ENGINE, 1);
        pool.pause();
        assertThat(isPaused()).isTrue();

        pool.close();

        assertThat(get(CLOSED)).isEqualTo(1);
        assertThat(isPaused()).isFalse();
    }

    @Test
    void aPagerThatClosesLetsAnEngineThatWaitsForACaptureGoOn() throws Exception {
        set(ENGINE, 1);

        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> captureWhile(() -> {
            assertThat(get(CAPTURING)).isPositive();
            pool.close();
            assertThat(get(CLOSED)).isEqualTo(1);
            assertThat(get(CAPTURING)).isZero();
            ended.set(true);
        })).matches(refusal -> refusal.reason() == PagerRefusedException.Reason.CLOSED);

        assertThat(ended).isTrue();
    }

    /** By the lock an engine sees that the process lives which ends its pauses. */
    @Test
    void theFileIsLockedUntilThePagerCloses() throws Exception {
        assertThatExceptionOfType(OverlappingFileLockException.class).isThrownBy(file::tryLock);

        pool.close();

        assertThat(file.tryLock()).isNotNull();
    }

    @Test
    void anEngineThatComesInAPauseIsAskedByTheCapture() throws Exception {
        pool.pause();
        set(ENGINE, 2);
        assertThat(isPaused()).isFalse();

        SnapshotWriter.Captured captured = captureWhile(() -> assertThat(isPaused()).isTrue());

        assertHoldsThePagesOfThePause(captured);
        assertThat(captured.stayedPaused()).isTrue();
        assertThat(isPaused()).isTrue();
        pool.resume();
        assertGoesOn();
    }
}
