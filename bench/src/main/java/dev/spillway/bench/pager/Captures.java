package dev.spillway.bench.pager;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.TemporaryFolder;
import dev.spillway.pager.Packs;
import dev.spillway.pager.PagePool;
import dev.spillway.pager.Snapshot;
import dev.spillway.pager.SnapshotWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * A pager in a file in memory. Measured are {@code cp} of the file with its sync, a first capture, and a second one after one page of a hundred has
 * changed. Then come a read of the second's files and its restore. Nothing writes meanwhile.
 */
final class Captures {
    static final int PAGE_BYTES = 128 << 10;
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int SEQUENCES = 16;
    private static final int READ_BYTES = 1 << 20;
    /** After these, restores take as long as each other. */
    private static final int RESTORES_TO_WARM_UP = 20;
    private static final int RESTORES_OF_A_ROUND = 5;
    private static final double FIRST_TO_COPY_MAX = 1.5;
    private static final double SECOND_TO_FIRST_MAX = 0.15;
    private static final double SECOND_BYTES_MAX = 0.015;
    private static final double RESTORE_MIN = 0.7;

    private final Path folder;
    private final Effort effort;
    private final int pages;
    private final Map<String, List<Double>> seconds = new TreeMap<>();
    private final List<Double> newBytes = new ArrayList<>();
    private final List<Double> firstBytes = new ArrayList<>();
    private double firstRestoreMillis;

    Captures(Path folder, Effort effort) {
        this.folder = folder;
        this.effort = effort;
        this.pages = effort.quick() ? 512 : 8_192;
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) throws Exception {
        boolean shared = Files.isDirectory(SHARED_MEMORY);
        Path file = Files.createTempDirectory(shared ? SHARED_MEMORY : folder, "spillway-pager-");
        try (PagePool pool = PagePool.inFile(BenchedPages.meta(PAGE_BYTES), BenchedPages.size(pages, true), file.resolve("pages"))) {
            BenchedPages.fill(pool);
            BenchedPages.install(pool, SEQUENCES);
            // The first round is not measured: it allocates blocks of the disk, and compiles the code of restores.
            for (int round = 0; round <= effort.rounds(); round++) {
                progress.step("round %d of %d: captures of %,d pages of 128 KiB, and restores".formatted(round, effort.rounds(), pages));
                round(pool, round);
                if (round == 0) {
                    firstRestoreMillis = 1e3 * seconds.getOrDefault("restore", List.of()).getFirst();
                    seconds.clear();
                    newBytes.clear();
                    firstBytes.clear();
                }
            }
        } finally {
            TemporaryFolder.delete(file);
        }
        report(figures, bars);
    }

    private void round(PagePool pool, int round) throws Exception {
        Path directory = Files.createDirectory(folder.resolve("captures-" + round));
        Packs packs = new Packs();
        if (round % 2 == 0) {
            copy(pool, directory);
        }
        SnapshotWriter.Captured first = capture("first capture", pool, packs, directory.resolve("first"));
        if (round % 2 == 1) {
            copy(pool, directory);
        }
        change(pool, round);
        SnapshotWriter.Captured second = capture("second capture", pool, packs, directory.resolve("second"));
        if (first.pagesWritten() != pages || second.pagesWritten() != pages / 100) {
            throw new BenchmarkFailedException(
                    "pages written: %d, then %d (expected: %d, then %d)".formatted(
                            first.pagesWritten(),
                            second.pagesWritten(),
                            pages,
                            pages / 100));
        }
        firstBytes.add((double) first.bytesWritten());
        newBytes.add((double) second.bytesWritten());
        List<Path> files = files(directory.resolve("second"));
        readWarm(files);
        for (int restores = round == 0 ? RESTORES_TO_WARM_UP : RESTORES_OF_A_ROUND; restores > 0; restores--) {
            note("warm read", readWarm(files));
            restore(directory.resolve("second"), pool);
        }
        TemporaryFolder.delete(directory);
    }

    private <T> T timed(String what, Callable<T> work) throws Exception {
        long begin = System.nanoTime();
        T result = work.call();
        note(what, System.nanoTime() - begin);
        return result;
    }

    private void note(String what, long nanos) {
        seconds.computeIfAbsent(what, _ -> new ArrayList<>()).add(nanos / 1e9);
    }

    private void copy(PagePool pool, Path directory) throws Exception {
        Path copy = directory.resolve("copy");
        execute("sync", "-f", directory.toString());
        timed("cp and sync", () -> {
            execute("cp", pool.file().orElseThrow().toString(), copy.toString());
            execute("sync", copy.toString());
            return copy;
        });
        Files.delete(copy);
    }

    private static void execute(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                throw new BenchmarkFailedException("%s: exit status %d".formatted(String.join(" ", command), process.exitValue()));
            }
        } finally {
            process.destroy();
        }
    }

    private SnapshotWriter.Captured capture(String what, PagePool pool, Packs packs, Path directory) throws Exception {
        Files.createDirectory(directory);
        execute("sync", "-f", directory.toString());
        SnapshotWriter.Captured captured = timed(what, () -> SnapshotWriter.capture(pool, directory, packs, _ -> {}));
        SnapshotWriter.published(captured, directory, pool, packs);
        return captured;
    }

    /** Changes one page of a hundred, wherever they are. */
    private void change(PagePool pool, int round) throws InterruptedException {
        BenchedPages.Contents contents = new BenchedPages.Contents(PAGE_BYTES, 10 + round);
        List<Integer> changed = new SplittableRandom(round).ints(0, pages).distinct().limit(pages / 100).boxed().toList();
        for (int page : changed) {
            pool.writePage(page, contents.next(page));
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Reads files into fresh memory, and returns the nanoseconds of the reads alone: a restore's time begins after its memory is there, too. */
    private static long readWarm(List<Path> files) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes, 4096);
            long at = 0;
            long begin = System.nanoTime();
            for (Path file : files) {
                try (FileChannel channel = FileChannel.open(file)) {
                    ByteBuffer into = memory.asSlice(at, Math.min(READ_BYTES, bytes - at)).asByteBuffer();
                    for (int read = channel.read(into); read > 0; read = channel.read(into)) {
                        at += read;
                        into = memory.asSlice(at, Math.min(READ_BYTES, bytes - at)).asByteBuffer();
                    }
                }
            }
            if (at != bytes) {
                throw new BenchmarkFailedException("%d bytes read (expected: %d)".formatted(at, bytes));
            }
            return System.nanoTime() - begin;
        }
    }

    private void restore(Path directory, PagePool captured) throws Exception {
        try (PagePool pool = PagePool.inMemory(BenchedPages.meta(PAGE_BYTES), BenchedPages.size(pages, true))) {
            timed("restore", () -> Snapshot.open(directory).restore(pool, _ -> {}));
            ByteBuffer ours = ByteBuffer.allocate(PAGE_BYTES);
            ByteBuffer theirs = ByteBuffer.allocate(PAGE_BYTES);
            for (int at = 0; at < SEQUENCES; at++) {
                pool.readPage(pool.sequences().get(at).pages().getLast(), ours);
                captured.readPage(captured.sequences().get(at).pages().getLast(), theirs);
                if (!ours.equals(theirs)) {
                    throw new BenchmarkFailedException("%s: its last page is another".formatted(pool.sequences().get(at).id()));
                }
            }
        }
    }

    private double medianMillis(String what) {
        return 1e3 * Median.of(seconds.getOrDefault(what, List.of()));
    }

    private double megabytesPerSecond(String what) {
        return (double) pages * PAGE_BYTES / medianMillis(what) / 1e3;
    }

    private void report(List<Figure> figures, List<Bar> bars) {
        seconds.forEach(
                (what, rounds) -> figures
                        .add(new Figure("%s, %,d pages of 128 KiB".formatted(what, pages), Median.of(rounds) * 1e3, "ms")));
        figures.add(new Figure("the first restore of the process", firstRestoreMillis, "ms"));
        figures.add(new Figure("bytes of the first capture", Median.of(firstBytes), "bytes"));
        figures.add(new Figure("new bytes of the second capture", Median.of(newBytes), "bytes"));
        bars.add(
                Bar.atMost(
                        "milliseconds of the first capture, to cp and sync",
                        medianMillis("first capture"),
                        medianMillis("cp and sync"),
                        FIRST_TO_COPY_MAX));
        bars.add(
                Bar.atMost(
                        "milliseconds of the second capture, to the first",
                        medianMillis("second capture"),
                        medianMillis("first capture"),
                        SECOND_TO_FIRST_MAX));
        bars.add(Bar.atMost("new bytes of the second capture, to the first", Median.of(newBytes), Median.of(firstBytes), SECOND_BYTES_MAX));
        bars.add(
                Bar.atLeast(
                        "MB/s of a restore, to a warm read",
                        megabytesPerSecond("restore"),
                        megabytesPerSecond("warm read"),
                        RESTORE_MIN));
    }
}
