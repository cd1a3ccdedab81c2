package dev.spillway.pager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

final class PagePoolInFileTest extends CachePagerContract {
    @TempDir
    Path folder;
    private int files;

    @Override
    protected CachePager create(PagerMeta meta, int pages) throws Exception {
        files++;
        return PagePool.inFile(meta, Metas.size(pages), folder.resolve("pager-" + files));
    }

    @Test
    void theFileIsDescribedByItsHeader() throws Exception {
        PagerMeta meta = Metas.hybrid();
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(meta, Metas.size(10), file)) {
            int page = pool.allocatePages(1).getFirst();
            pool.writePage(page, content(meta, 7));

            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            String descriptor = new String(bytes.array(), (int) bytes.getLong(32), (int) bytes.getLong(40), StandardCharsets.UTF_8);
            long data = bytes.getLong(56);

            assertThat(new String(bytes.array(), 0, 8, StandardCharsets.US_ASCII)).isEqualTo("SPLWYKV1");
            assertThat(bytes.getInt(8)).isEqualTo(1);
            assertThat(bytes.getInt(12)).isEqualTo(4096);
            assertThat(bytes.getLong(16)).isEqualTo(10);
            assertThat(bytes.getLong(24)).isEqualTo(512);
            assertThat(bytes.getLong(88)).isEqualTo(Files.size(file));
            assertThat(HexFormat.of().formatHex(bytes.array(), 96, 128)).isEqualTo(meta.model().value());
            assertThat(HexFormat.of().formatHex(bytes.array(), 128, 160)).isEqualTo(meta.layout().value());
            assertThat(data % (2 << 20)).isZero();
            assertThat(descriptor).contains("\"dtype\":\"F32\",\"shape\":[10,2,2,4,2,4],\"offset\":" + data)
                    .contains("\"name\":\"conv\"")
                    .contains("\"shape\":[8,2,8]");
            assertThat(bytes.slice((int) data + page * 512, 512)).isEqualTo(content(meta, 7));
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aPageWhoseBytesChangedInMemoryIsRefused() throws Exception {
        PagerMeta meta = Metas.small();
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(meta, Metas.size(4), file); FileChannel memory = FileChannel.open(file, READ, WRITE)) {
            List<Integer> pages = pool.allocatePages(2);
            pool.writePage(pages.getFirst(), content(meta, 7));
            pool.writePage(pages.getLast(), content(meta, 8));
            ByteBuffer read = ByteBuffer.allocate(512);
            long data = (2L << 20) + 512L * pages.getFirst();

            for (int at = 0; at < 512; at++) {
                byte right = content(meta, 7).get(at);
                memory.write(ByteBuffer.wrap(new byte[]{(byte) (right ^ 4)}), data + at);
                assertDamaged(pool, pages.getFirst());
                memory.write(ByteBuffer.wrap(new byte[]{right}), data + at);
            }
            pool.readPage(pages.getFirst(), read);
            assertThat(read).isEqualTo(content(meta, 7));

            memory.write(content(meta, 8), data);
            assertDamaged(pool, pages.getFirst());
        }
    }

    private static void assertDamaged(PagePool pool, int page) {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> pool.readPage(page, ByteBuffer.allocate(512)))
                .matches(refusal -> refusal.reason() == PagerRefusedException.Reason.MEMORY_DAMAGED);
    }

    /** A use of a pager. */
    private interface Use {
        void run(PagePool pool) throws Exception;
    }

    /** The checksum's instructions would end the process where they meet a page of a file that is not there. */
    @ParameterizedTest
    @ValueSource(longs = {0, 4096, 1 << 20})
    void aFileThatIsCutOffIsRefusedWithItsNameAndNeverEndsTheProcess(long length) throws Exception {
        PagerMeta meta = Metas.hybrid();
        Path file = folder.resolve("pager");
        Path directory = Files.createDirectory(folder.resolve("snapshot"));
        List<Use> uses = List.of(
                pool -> pool.readPage(0, ByteBuffer.allocate(512)),
                pool -> pool.writePage(0, content(meta, 1)),
                pool -> pool.readState("a", "ssm", ByteBuffer.allocate(64)),
                pool -> pool.writeState("a", "ssm", ByteBuffer.allocate(64)),
                pool -> pool.fork("a", "b"),
                pool -> pool.installSequences(List.of(new LogicalSequence("c", List.of(1), 0))),
                pool -> SnapshotWriter.capture(pool, Files.createDirectory(folder.resolve("refused")), new Packs(), _ -> {}),
                pool -> {
                    pool.removeSequence("a");
                    Snapshot.open(directory).restore(pool, _ -> {});
                });
        for (Use use : uses) {
            try (PagePool pool = PagePool.inFile(meta, Metas.size(10), file)) {
                pool.installSequences(List.of(new LogicalSequence("a", pool.allocatePages(1), 1)));
                pool.allocatePages(1);
                pool.writePage(0, content(meta, 7));
                pool.writeState("a", "ssm", ByteBuffer.allocate(64));
                if (Files.notExists(directory.resolve("manifest.json"))) {
                    SnapshotWriter.capture(pool, directory, new Packs(), _ -> {});
                }
                try (FileChannel other = FileChannel.open(file, WRITE)) {
                    other.truncate(length);
                }

                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> use.run(pool))
                        .withMessageContaining(file + ": was cut off")
                        .matches(refusal -> refusal.reason() == PagerRefusedException.Reason.MEMORY_DAMAGED);
            }
            assertThat(file).doesNotExist();
            Files.deleteIfExists(folder.resolve("refused"));
        }
    }

    private static final long PAUSE_ASKED = 384;
    private static final long PAUSE_TAKEN = 448;
    private static final long PAUSE_ENDED = 512;
    private static final long ENGINE = 576;

    private static long get(FileChannel engine, long offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        engine.read(word, offset);
        return word.getLong(0);
    }

    private static void set(FileChannel engine, long offset, long value) throws IOException {
        engine.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value), offset);
    }

    @Test
    void whatADeadEngineLeftIsCapturedOnceItIsDetached() throws Exception {
        PagerMeta meta = Metas.small();
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(meta, Metas.size(4), file);
                PagePool other = PagePool.inMemory(meta, Metas.size(4));
                FileChannel engine = FileChannel.open(file, READ, WRITE)) {
            pool.installSequences(List.of(new LogicalSequence("a", pool.allocatePages(1), 1)));
            pool.writePage(0, content(meta, 7));
            set(engine, ENGINE, 1);
            Path directory = Files.createDirectory(folder.resolve("snapshot"));
            assertThatExceptionOfType(PagerRefusedException.class)
                    .isThrownBy(() -> SnapshotWriter.capture(pool, directory, new Packs(), _ -> {}))
                    .matches(refusal -> refusal.reason() == PagerRefusedException.Reason.PAUSED);

            pool.detachEngine();

            assertThat(get(engine, ENGINE)).isZero();
            SnapshotWriter.capture(pool, directory, new Packs(), _ -> {}).snapshot().restore(other, _ -> {});
            assertThat(read(other, other.sequences().getFirst().pages().getFirst())).isEqualTo(content(meta, 7));
            pool.detachEngine();
            pool.writePage(0, content(meta, 8));
        }
    }

    @Test
    void anEngineThatTakesAPauseIsNotDetached() throws Exception {
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(Metas.small(), Metas.size(4), file);
                FileChannel engine = FileChannel.open(file, READ, WRITE)) {
            set(engine, ENGINE, 1);
            Thread stepping = Thread.ofVirtual().start(() -> {
                try {
                    while (get(engine, PAUSE_ASKED) == 0) {
                        Thread.onSpinWait();
                    }
                    set(engine, PAUSE_TAKEN, get(engine, PAUSE_ASKED));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });

            assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(pool::detachEngine)
                    .matches(refusal -> refusal.reason() == PagerRefusedException.Reason.ENGINE_RUNS);

            stepping.join();
            assertThat(get(engine, ENGINE)).isEqualTo(1);
            assertThat(get(engine, PAUSE_ENDED)).isEqualTo(1);
            pool.allocatePages(1);
            pool.writePage(0, content(Metas.small(), 1));
        }
    }

    @Test
    void aFileThatExistsIsLeftAlone() throws Exception {
        Path file = Files.writeString(folder.resolve("other"), "mine");

        assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(() -> PagePool.inFile(Metas.small(), Metas.size(4), file));

        assertThat(file).hasContent("mine");
    }

    /** The worker believes nothing of a mapped file that could make it read or write where it should not. */
    @Test
    void noRandomChangeOfTheHeaderOrTheRecordsDoesMoreThanRefuse() throws Exception {
        PagerMeta meta = Metas.hybrid();
        Path file = folder.resolve("pager");
        Random random = new Random(8);
        int whole = 0;
        try (PagePool pool = PagePool.inFile(meta, Metas.size(10), file);
                PagePool other = PagePool.inMemory(meta, Metas.size(10));
                FileChannel engine = FileChannel.open(file, StandardOpenOption.WRITE)) {
            List<Integer> pages = pool.allocatePages(6);
            pool.installSequences(List.of(new LogicalSequence("a", pages, 1)));
            for (int round = 0; round < 500; round++) {
                for (int mutation = 0; mutation < 20; mutation++) {
                    long at = random.nextBoolean() ? random.nextInt(4096) : (64 << 10) + random.nextInt(26 * 64);
                    // An engine that seems to be there would be waited for.
                    if (at < 576 || at >= 584) {
                        engine.write(ByteBuffer.wrap(new byte[]{(byte) random.nextInt(256)}), at);
                    }
                }
                Path directory = Files.createDirectory(folder.resolve("s" + round));
                try {
                    for (int page : pages) {
                        pool.writePage(page, content(meta, round));
                    }
                    SnapshotWriter.capture(pool, directory, new Packs(), _ -> {}).snapshot().restore(other, _ -> {});
                    other.removeSequence("a");
                    whole++;
                } catch (PagerRefusedException e) {
                    assertThat(e.reason()).isEqualTo(PagerRefusedException.Reason.MEMORY_DAMAGED);
                }
                for (int slot : pages) {
                    try {
                        read(pool, slot);
                    } catch (PagerRefusedException e) {
                        assertThat(e.reason()).isEqualTo(PagerRefusedException.Reason.MEMORY_DAMAGED);
                    }
                }
            }
        }
        assertThat(whole).isPositive();
    }

    @Test
    void aForkOfADamagedStateLeavesNoSequence() throws Exception {
        PagerMeta meta = Metas.hybrid();
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(meta, Metas.size(10), file);
                FileChannel engine = FileChannel.open(file, StandardOpenOption.WRITE)) {
            pool.installSequences(List.of(new LogicalSequence("a", pool.allocatePages(1), 0)));
            pool.writeState("a", "ssm", ByteBuffer.allocate(64));
            long states = new PageFileLayout(meta, 10, 8, 4).region("ssm").offset();
            for (int at = 0; at < 8 * 64; at++) {
                engine.write(ByteBuffer.wrap(new byte[]{1}), states + at);
            }

            assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> pool.fork("a", "b"));

            assertThat(pool.sequences()).hasSize(1);
            for (int at = 0; at < 7; at++) {
                pool.installSequences(List.of(new LogicalSequence("s" + at, List.of(), 0)));
            }
        }
    }
}
