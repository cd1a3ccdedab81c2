package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Captures of a memory in which a byte has changed since it was written. */
final class MemoryDamageTest {
    private static final PagerMeta META = Metas.hybrid();
    private static final PagePool.Size SIZE = Metas.size(8);
    private static final PageFileLayout LAYOUT = new PageFileLayout(META, SIZE.pages(), SIZE.sequences(), SIZE.saves());

    @TempDir
    private Path folder;
    private PagePool pool;
    private FileChannel memory;
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        Path file = folder.resolve("pager");
        directory = Files.createDirectory(folder.resolve("snapshot"));
        pool = PagePool.inFile(META, SIZE, file);
        memory = FileChannel.open(file, READ, WRITE);
        SnapshotFixture.add(pool, "a", 2, 0, 1);
        SnapshotFixture.add(pool, "b", 3, 0, 2);
    }

    @AfterEach
    void stop() throws Exception {
        memory.close();
        pool.close();
    }

    private int page(String sequence, int position) {
        return pool.sequences().stream().filter(one -> one.id().equals(sequence)).findFirst().orElseThrow().pages().get(position);
    }

    private void damage(long offset) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        memory.read(one, offset);
        memory.write(ByteBuffer.wrap(new byte[]{(byte) (one.get(0) ^ 8)}), offset);
    }

    private void damagePage(int page) throws IOException {
        damage(LAYOUT.pageRegion().offsetOf(page) + 100);
    }

    private void assertRefused(String named, ThrowingCallable capture) throws IOException {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(capture)
                .withMessageContaining(named)
                .matches(refusal -> refusal.reason() == Reason.MEMORY_DAMAGED);
        assertThat(directory.resolve(SnapshotManifest.FILE)).doesNotExist();
    }

    private SnapshotWriter.Captured capture() throws IOException, InterruptedException {
        return SnapshotWriter.capture(pool, directory, new Packs(), _ -> {});
    }

    @Test
    void aDamagedPageIsNotCapturedAndIsNamed() throws Exception {
        int page = page("b", 1);
        damagePage(page);

        assertRefused("page %d (position 1 of sequence b)".formatted(page), this::capture);
    }

    @Test
    void aDamagedStateIsNotCapturedAndIsNamed() throws Exception {
        for (int slot = 0; slot < SIZE.sequences(); slot++) {
            damage(LAYOUT.region("ssm").offset() + slot * 64L + 3);
        }

        assertRefused("state ssm of sequence ", this::capture);
    }

    @Test
    void aDamagedPageThatAWriterSavesForTheCaptureIsNotCaptured() throws Exception {
        int page = page("b", 2);
        damagePage(page);
        AtomicBoolean written = new AtomicBoolean();

        assertRefused(
                "page %d (position 2 of sequence b)".formatted(page),
                () -> SnapshotWriter.capture(pool, directory, new Packs(), _ -> {
                    if (written.compareAndSet(false, true)) {
                        pool.writePage(page, CachePagerContract.content(META, 9));
                    }
                }));
        assertThat(written).isTrue();
    }

    @Test
    void aDamagedPageThatIsFreedBeforeItIsReadIsNotCaptured() throws Exception {
        int page = page("b", 2);
        damagePage(page);
        AtomicBoolean removed = new AtomicBoolean();

        assertRefused(
                "page %d (position 2 of sequence b)".formatted(page),
                () -> SnapshotWriter.capture(pool, directory, new Packs(), _ -> {
                    if (removed.compareAndSet(false, true)) {
                        pool.removeSequence("b");
                    }
                }));
        assertThat(removed).isTrue();
    }

    @Test
    void aPageWhoseCheckAnEngineTookAwayIsCapturedAsItIs() throws Exception {
        int page = page("b", 1);
        damagePage(page);
        memory.write(ByteBuffer.allocate(4), PageFileLayout.RECORDS_OFFSET + page * 64L + 20);

        capture();

        ByteBuffer there = CachePagerContract.read(pool, page);
        try (PagePool other = PagePool.inMemory(META, SIZE)) {
            List<LogicalSequence> restored = Snapshot.open(directory).restore(other, _ -> {});
            assertThat(CachePagerContract.read(other, restored.getLast().pages().get(1))).isEqualTo(there);
        }
    }
}
