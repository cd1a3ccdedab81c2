package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.SnapshotWriter.Captured;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Pagers with content, and captures of them that share their packs. */
abstract class SnapshotFixture {
    /** 2 MiB in pages of 512 bytes, which are one pack. */
    static final int PAGES_OF_SEVERAL_THREADS = 4_096;

    @TempDir
    Path folder;

    final Packs packs = new Packs();

    int directories;

    Path directory() throws IOException {
        directories++;
        return Files.createDirectory(folder.resolve("snapshot-" + directories));
    }

    Captured capture(PagePool pool) throws IOException, InterruptedException {
        Path directory = directory();
        Captured captured = SnapshotWriter.capture(pool, directory, packs, _ -> {});
        SnapshotWriter.published(captured, directory, pool, packs);
        return captured;
    }

    static PagePool pool(PagerMeta meta, int pages) {
        return PagePool.inMemory(meta, Metas.size(pages));
    }

    static ByteBuffer random(long bytes, long seed) {
        byte[] content = new byte[Math.toIntExact(bytes)];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    /** Adds a sequence of new pages with random content. */
    static LogicalSequence add(PagePool pool, String id, int pages, int lastPageTokens, long seed) throws InterruptedException {
        List<Integer> allocated = pool.allocatePages(pages);
        for (int at = 0; at < pages; at++) {
            pool.writePage(allocated.get(at), random(pool.meta().page().bytes(), seed * 1000 + at));
        }
        LogicalSequence sequence = new LogicalSequence(id, allocated, lastPageTokens);
        pool.installSequences(List.of(sequence));
        for (StatePool state : pool.meta().states()) {
            pool.writeState(id, state.name(), random(state.bytes(), seed * 1000 + 999));
        }
        return sequence;
    }

    /** Returns everything that an engine sees of a pager: sequences with contents, and which positions share a page. */
    static Map<String, List<Object>> seen(PagePool pool) {
        Map<String, List<Object>> seen = new TreeMap<>();
        List<Integer> order = new ArrayList<>();
        for (LogicalSequence sequence : pool.sequences()) {
            List<Object> parts = new ArrayList<>();
            parts.add(sequence.lastPageTokens());
            for (int page : sequence.pages()) {
                if (!order.contains(page)) {
                    order.add(page);
                }
                parts.add(order.indexOf(page));
                parts.add(CachePagerContract.read(pool, page));
            }
            for (StatePool state : pool.meta().states()) {
                ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(state.bytes()));
                pool.readState(sequence.id(), state.name(), into);
                parts.add(into);
            }
            seen.put(sequence.id(), parts);
        }
        return seen;
    }

    static void assertRefused(Reason reason, String why, ThrowingCallable call) {
        assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(call)
                .withMessageContaining(why)
                .matches(refused -> refused.reason() == reason, reason.name());
    }

    /** Occupies some pages, so that a restore cannot use the same indices. */
    static PagePool occupied(PagerMeta meta, int pages) throws InterruptedException {
        PagePool pool = pool(meta, pages);
        List<Integer> taken = pool.allocatePages(7);
        pool.freePages(List.of(taken.get(1), taken.get(4)));
        add(pool, "there", 1, 1, 77);
        return pool;
    }

    static Path pack(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).findFirst().orElseThrow();
        }
    }
}
