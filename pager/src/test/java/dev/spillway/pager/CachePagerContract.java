package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** The behaviour of every pager. */
public abstract class CachePagerContract {
    private final List<CachePager> made = new ArrayList<>();

    /** Makes an empty pager with room for 8 sequences. */
    protected abstract CachePager create(PagerMeta meta, int pages) throws Exception;

    private CachePager pager(PagerMeta meta, int pages) throws Exception {
        CachePager pager = create(meta, pages);
        made.add(pager);
        return pager;
    }

    @AfterEach
    void closeAll() {
        made.forEach(CachePager::close);
    }

    static ByteBuffer content(PagerMeta meta, long seed) {
        byte[] bytes = new byte[Math.toIntExact(meta.page().bytes())];
        new Random(seed).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    static ByteBuffer read(CachePager pager, int page) {
        ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(pager.meta().page().bytes()));
        pager.readPage(page, into);
        return into;
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(call)
                .matches(refused -> refused.reason() == reason, reason.name());
    }

    @Test
    void aPageIsReadAsItWasWritten() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        List<Integer> pages = pager.allocatePages(2);

        pager.writePage(pages.get(0), content(pager.meta(), 1));
        pager.writePage(pages.get(1), content(pager.meta(), 2));

        assertThat(read(pager, pages.get(0))).isEqualTo(content(pager.meta(), 1));
        assertThat(read(pager, pages.get(1))).isEqualTo(content(pager.meta(), 2));
        assertThat(pager.occupiedPages()).containsExactlyElementsOf(pages.stream().sorted().toList());
    }

    @Test
    void aPageOfAWrongLengthIsRefused() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        int page = pager.allocatePages(1).getFirst();

        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.writePage(page, ByteBuffer.allocate(511)));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.writePage(page, ByteBuffer.allocate(513)));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.readPage(page, ByteBuffer.allocate(511)));
    }

    @Test
    void pagesThatAreNotAllocatedAreRefused() throws Exception {
        CachePager pager = pager(Metas.small(), 4);

        for (int page : new int[]{-1, 0, 4, Integer.MAX_VALUE}) {
            assertRefused(Reason.UNKNOWN, () -> pager.writePage(page, content(pager.meta(), 1)));
            assertRefused(Reason.UNKNOWN, () -> read(pager, page));
            assertRefused(Reason.UNKNOWN, () -> pager.freePages(List.of(page)));
            assertRefused(Reason.UNKNOWN, () -> pager.installSequences(List.of(new LogicalSequence("a", List.of(page), 0))));
        }
    }

    @Test
    void moreThanIsFreeIsRefusedAsAWhole() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        pager.allocatePages(1);

        assertRefused(Reason.EXHAUSTED, () -> pager.allocatePages(4));

        assertThat(pager.occupiedPages()).hasSize(1);
        assertThat(pager.allocatePages(3)).hasSize(3);
    }

    @Test
    void aNegativeOrOverflowingCountIsRefused() throws Exception {
        CachePager pager = pager(Metas.small(), 4);

        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.allocatePages(-1));
        assertRefused(Reason.EXHAUSTED, () -> pager.allocatePages(Integer.MAX_VALUE));
    }

    @Test
    void pagesOfASequenceAreFreedWithItsLastOwner() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        List<Integer> pages = pager.allocatePages(2);
        pager.installSequences(List.of(new LogicalSequence("a", pages, 3)));
        pager.fork("a", "b");

        pager.removeSequence("a");
        assertThat(pager.occupiedPages()).containsExactlyInAnyOrderElementsOf(pages);

        pager.removeSequence("b");
        assertThat(pager.occupiedPages()).isEmpty();
    }

    @Test
    void aPageOfASequenceIsNotGivenBack() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        List<Integer> pages = pager.allocatePages(2);
        pager.installSequences(List.of(new LogicalSequence("a", pages.subList(0, 1), 3)));

        assertRefused(Reason.SHARED, () -> pager.freePages(pages));
        assertRefused(Reason.SHARED, () -> pager.freePages(List.of(pages.get(1), pages.get(1))));
        pager.freePages(pages.subList(1, 2));

        assertThat(pager.occupiedPages()).containsExactly(pages.get(0));
    }

    @Test
    void aSharedPageIsNotWrittenButCopiedFirst() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        int shared = pager.allocatePages(1).getFirst();
        pager.writePage(shared, content(pager.meta(), 1));
        pager.installSequences(List.of(new LogicalSequence("a", List.of(shared), 3)));
        pager.fork("a", "b");

        assertRefused(Reason.SHARED, () -> pager.writePage(shared, content(pager.meta(), 2)));
        int own = pager.ownPage("b", 0);
        pager.writePage(own, content(pager.meta(), 2));

        assertThat(own).isNotEqualTo(shared);
        assertThat(read(pager, shared)).isEqualTo(content(pager.meta(), 1));
        assertThat(pager.sequences()).containsExactly(
                new LogicalSequence("a", List.of(shared), 3),
                new LogicalSequence("b", List.of(own), 3));
        assertThat(pager.ownPage("a", 0)).isEqualTo(shared);
        assertThat(pager.ownPage("b", 0)).isEqualTo(own);
    }

    @Test
    void aCopyForWhichNoPageIsFreeChangesNothing() throws Exception {
        CachePager pager = pager(Metas.small(), 1);
        List<Integer> pages = pager.allocatePages(1);
        pager.installSequences(List.of(new LogicalSequence("a", pages, 0)));
        pager.fork("a", "b");

        assertRefused(Reason.EXHAUSTED, () -> pager.ownPage("b", 0));
        assertRefused(Reason.UNKNOWN, () -> pager.ownPage("b", 1));
        assertRefused(Reason.UNKNOWN, () -> pager.ownPage("c", 0));

        assertThat(pager.sequences()).containsExactly(new LogicalSequence("a", pages, 0), new LogicalSequence("b", pages, 0));
    }

    @Test
    void sequencesAreInstalledAllOrNone() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        List<Integer> pages = pager.allocatePages(2);
        LogicalSequence good = new LogicalSequence("a", pages, 0);

        assertRefused(Reason.UNKNOWN, () -> pager.installSequences(List.of(good, new LogicalSequence("b", List.of(3), 0))));
        assertRefused(Reason.INVALID, () -> pager.installSequences(List.of(good, good)));
        assertRefused(
                Reason.INVALID,
                () -> pager.installSequences(List.of(good, new LogicalSequence("b", List.of(pages.get(0), pages.get(0)), 0))));
        assertThatExceptionOfType(InvalidValueException.class)
                .isThrownBy(() -> pager.installSequences(List.of(good, new LogicalSequence("b", pages, 4))));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> new LogicalSequence("b", pages, -1));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> new LogicalSequence("half a character \ud800", pages, 0));

        assertThat(pager.sequences()).isEmpty();
    }

    @Test
    void aSequenceIsReplacedByOneOfItsId() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        List<Integer> pages = pager.allocatePages(3);
        pager.installSequences(List.of(new LogicalSequence("a", pages.subList(0, 2), 0)));

        pager.installSequences(List.of(new LogicalSequence("a", List.of(pages.get(0), pages.get(2)), 1)));

        assertThat(pager.sequences()).containsExactly(new LogicalSequence("a", List.of(pages.get(0), pages.get(2)), 1));
        assertThat(pager.occupiedPages()).containsExactlyInAnyOrder(pages.get(0), pages.get(2));
    }

    @Test
    void aForkTakesNoIdThatExists() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        pager.installSequences(List.of(new LogicalSequence("a", pager.allocatePages(1), 0)));

        assertRefused(Reason.EXISTS, () -> pager.fork("a", "a"));
        assertRefused(Reason.UNKNOWN, () -> pager.fork("b", "c"));
    }

    @Test
    void aSequenceHasItsOwnStateOfEachPool() throws Exception {
        CachePager pager = pager(Metas.hybrid(), 4);
        pager.installSequences(List.of(new LogicalSequence("a", pager.allocatePages(1), 0)));
        ByteBuffer zeros = ByteBuffer.allocate(64);
        ByteBuffer state = ByteBuffer.wrap("0123456789abcdef".repeat(4).getBytes(java.nio.charset.StandardCharsets.US_ASCII));

        assertThat(state(pager, "a")).isEqualTo(zeros);
        pager.writeState("a", "ssm", state.duplicate());
        pager.fork("a", "b");
        pager.writeState("a", "ssm", zeros.duplicate());

        assertThat(state(pager, "a")).isEqualTo(zeros);
        assertThat(state(pager, "b")).isEqualTo(state);
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.writeState("a", "none", zeros));
        assertRefused(Reason.UNKNOWN, () -> pager.writeState("c", "ssm", zeros));
        assertThatExceptionOfType(InvalidValueException.class).isThrownBy(() -> pager.writeState("a", "conv", zeros));
    }

    private static ByteBuffer state(CachePager pager, String id) {
        ByteBuffer into = ByteBuffer.allocate(64);
        pager.readState(id, "ssm", into);
        return into;
    }

    @Test
    void moreSequencesThanHaveRoomForStateAreRefused() throws Exception {
        CachePager pager = pager(Metas.hybrid(), 4);
        List<LogicalSequence> nine =
                java.util.stream.IntStream.range(0, 9).mapToObj(at -> new LogicalSequence("s" + at, List.of(), 0)).toList();

        assertRefused(Reason.EXHAUSTED, () -> pager.installSequences(nine));
        pager.installSequences(nine.subList(0, 8));
        pager.removeSequence("s0");
        pager.installSequences(nine.subList(8, 9));

        assertThat(pager.sequences()).hasSize(8);
    }

    @Test
    void aWriteWaitsForTheEndOfAPause() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        int page = pager.allocatePages(1).getFirst();
        pager.writePage(page, content(pager.meta(), 1));
        pager.pause();

        CompletableFuture<Void> write = CompletableFuture.runAsync(() -> {
            try {
                pager.writePage(page, content(pager.meta(), 2));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(read(pager, page)).isEqualTo(content(pager.meta(), 1));
        assertThat(write).isNotDone();
        pager.resume();
        pager.resume();
        write.get(5, TimeUnit.MINUTES);

        assertThat(read(pager, page)).isEqualTo(content(pager.meta(), 2));
    }

    @Test
    void aPagerWithoutAnEngineIsDetachedFromNone() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        int page = pager.allocatePages(1).getFirst();

        pager.detachEngine();

        pager.writePage(page, content(pager.meta(), 1));
        assertThat(read(pager, page)).isEqualTo(content(pager.meta(), 1));
    }

    @Test
    void nothingIsDoneAfterClose() throws Exception {
        CachePager pager = pager(Metas.small(), 4);
        int page = pager.allocatePages(1).getFirst();
        pager.close();
        pager.close();

        assertRefused(Reason.CLOSED, () -> read(pager, page));
        assertRefused(Reason.CLOSED, () -> pager.writePage(page, content(pager.meta(), 1)));
        assertRefused(Reason.CLOSED, () -> pager.allocatePages(1));
        assertRefused(Reason.CLOSED, pager::sequences);
        assertRefused(Reason.CLOSED, pager::pause);
        assertRefused(Reason.CLOSED, pager::detachEngine);
    }
}
