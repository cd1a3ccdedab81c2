package dev.spillway.dev.fleet;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.Pagers;
import dev.spillway.client.RemoteCachePager;
import dev.spillway.client.SpillwayClient;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.CachePager;
import dev.spillway.pager.CachePagerContract;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** The pager of another process: a worker's, by HTTP. */
@Tag("full")
class RemoteCachePagerTest extends CachePagerContract {
    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static SpillwayClient client;
    private static int created;

    @BeforeAll
    static void startFleet() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 1);
        client = SpillwayClient.builder().worker(fleet.workerUrl(1)).build();
    }

    @AfterAll
    static void stopFleet() {
        client.close();
        fleet.close();
    }

    @Override
    protected CachePager create(PagerMeta meta, int pages) throws Exception {
        created++;
        return client.createPager(new Pagers.Create("pager-" + created, meta, pages, 8, created % 2 == 0, 4, true));
    }

    private static final PagerMeta PAGES_OF_512 = meta(DimensionOrder.NHD, 4);

    private static PagerMeta meta(DimensionOrder order, int tokens) {
        return new PagerMeta(
                new ContentDigest("b2".repeat(32)),
                new PageShape(tokens, 2, 2, 4, ElementType.F32, order, KeysAndValues.SEPARATE),
                List.of());
    }

    private static RemoteCachePager engine(String name, PagerMeta meta, int pages, boolean file) throws Exception {
        return client.createPager(new Pagers.Create(name, meta, pages, null, file, null, true));
    }

    private static ByteBuffer random(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return ByteBuffer.allocateDirect(bytes).put(content).flip();
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(call)
                .matches(refused -> refused.reason() == reason, reason.name());
    }

    @Test
    void pagesApartAreReadAndWrittenByAsManyRequestsAsTheyNeed() throws Exception {
        try (RemoteCachePager pager = engine("apart", PAGES_OF_512, 8_000, false)) {
            List<Integer> pages = pager.allocatePages(8_000).stream().filter(page -> page % 2 == 1).toList().reversed();
            ByteBuffer content = random(pages.size() * 512);
            pager.writePages(pages, content);
            ByteBuffer all = ByteBuffer.allocateDirect(pages.size() * 512);
            pager.readPages(pages, all);
            assertThat(all).isEqualTo(content);
            ByteBuffer last = ByteBuffer.allocate(512);
            pager.readPage(pages.getLast(), last);
            assertThat(last).isEqualTo(content.slice((pages.size() - 1) * 512, 512));
        }
    }

    @Test
    void aPageThatWasChangedBesidesThePagerIsRefusedAmongManyToo() throws Exception {
        // So large that the answer has begun when the second page is read.
        try (RemoteCachePager pager = engine("damaged", meta(DimensionOrder.NHD, 4_096), 4, true)) {
            int bytes = Math.toIntExact(pager.meta().page().bytes());
            List<Integer> pages = pager.allocatePages(3);
            pager.writePages(pages, random(3 * bytes));
            damage(Path.of(Objects.requireNonNull(pager.describe().path())), pages.get(1) * (long) bytes);
            assertRefused(Reason.MEMORY_DAMAGED, () -> pager.readPages(pages, ByteBuffer.allocate(3 * bytes)));
        }
    }

    /** The place of the pages is in the header. */
    private static void damage(Path file, long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer offset = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(offset, 56);
            channel.write(random(8), offset.getLong(0) + position);
        }
    }

    @Test
    void aSnapshotIsRestoredIntoAPagerOfItsKindAlone() throws Exception {
        assertThat(Spillway.run("namespace", "set", "kv", "--max-entries", "10", "--url", fleet.url()).exitCode()).isZero();
        ByteBuffer content = random(2 * 512);
        try (RemoteCachePager pager = engine("captured", PAGES_OF_512, 8, false);
                RemoteCachePager like = engine("like", PAGES_OF_512, 16, false);
                RemoteCachePager unlike = engine("unlike", meta(DimensionOrder.HND, 4), 8, false)) {
            List<Integer> pages = pager.allocatePages(2);
            pager.writePages(pages, content);
            pager.installSequences(List.of(new LogicalSequence("a", pages, 3)));
            Pagers.Captured captured = pager.capture("kv", "a", "a capture");
            like.allocatePages(7);

            Pagers.Restored restored = like.restore("kv", "a");

            assertThat(restored.snapshotId()).isEqualTo(captured.snapshotId());
            assertThat(like.sequences()).isEqualTo(restored.sequences());
            ByteBuffer read = ByteBuffer.allocate(2 * 512);
            like.readPages(restored.sequences().getFirst().pages(), read);
            assertThat(read).isEqualTo(content);
            assertRefused(Reason.EXISTS, () -> like.restore("kv", "a"));
            assertRefused(Reason.MISMATCH, () -> unlike.restore("kv", "a"));
            assertThat(unlike.occupiedPages()).isEmpty();
            assertThat(client.verifySnapshot("kv", "a").sequences()).containsExactly("a");
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> like.restore("kv", "none"))
                    .matches(refused -> refused.type() == ProblemType.UNKNOWN_ENTRY);
        }
    }

    @Test
    void aNameIsOnePagersUntilItIsClosed() throws Exception {
        RemoteCachePager pager = engine("name", PAGES_OF_512, 8, false);
        RemoteCachePager same = client.pager("name");
        assertThat(same.meta()).isEqualTo(pager.meta());
        assertRefused(Reason.EXISTS, () -> engine("name", PAGES_OF_512, 8, false));
        pager.close();
        assertRefused(Reason.CLOSED, same::occupiedPages);
        assertRefused(Reason.CLOSED, () -> client.pager("name"));

        try (RemoteCachePager another = engine("name", meta(DimensionOrder.NHD, 8), 8, false)) {
            another.allocatePages(1);
            assertRefused(Reason.CLOSED, pager::occupiedPages);
            assertRefused(Reason.MISMATCH, () -> same.readPage(0, ByteBuffer.allocate(512)));
        }
        assertRefused(
                Reason.EXHAUSTED,
                () -> client.createPager(new Pagers.Create("large", meta(DimensionOrder.NHD, 1 << 20), 1_000, null, null, null, null)));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> client.pager("../name"));
    }
}
