package dev.spillway.bench.pager;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.TemporaryFolder;
import dev.spillway.pager.Packs;
import dev.spillway.pager.PagePool;
import dev.spillway.pager.SnapshotWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * Captures of a pager again and again, while a thread writes the last page of each sequence without a break, as a model that decodes does. All but the
 * first capture write what has changed since the one before, and the whole manifest.
 */
final class Pauses {
    static final int PAGE_BYTES = 4096;
    static final int SEQUENCES = 100;
    private static final int WARM_UP = 20;
    private static final double PAUSE_MICROS_MAX = 1_000;
    private static final double GROWTH_MAX = 2;
    private static final Duration ALONE_MAX = Duration.ofMillis(200);

    private final Path folder;
    private final Effort effort;
    private final int capturesOfARound;
    private final Duration most;

    Pauses(Path folder, Effort effort) {
        this.folder = folder;
        this.effort = effort;
        this.capturesOfARound = effort.quick() ? 20 : 400;
        this.most = effort.quick() ? Duration.ofSeconds(5) : Duration.ofSeconds(70);
    }

    /** Times in nanoseconds. Longest writes are those of one capture each, and of a time as long without one. */
    private record Measured(int pages, Histogram pauses, Histogram longestWrites, Histogram longestAlone) {
        static Measured none(int pages) {
            return new Measured(pages, new Histogram(3), new Histogram(3), new Histogram(3));
        }
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) throws IOException, InterruptedException {
        int[] counts = effort.quick() ? new int[]{100, 1_000, 10_000} : new int[]{1_000, 10_000, 100_000};
        progress.step("captures of %,d pages of 4 KiB with a writer, not counted".formatted(counts[0]));
        // These captures are not measured, because the compiler takes processor time from the writer.
        measure(Measured.none(counts[0]));
        List<Measured> all = IntStream.of(counts).mapToObj(Measured::none).toList();
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Measured measured : all) {
                progress.step(
                        "round %d of %d: captures of %,d pages of 4 KiB with a writer".formatted(round, effort.rounds(), measured.pages()));
                measure(measured);
            }
        }
        for (Measured one : all) {
            String what = "of %,d pages".formatted(one.pages());
            for (double percentile : new double[]{50, 99, 100}) {
                String name = percentile == 100 ? "max" : "p%.0f".formatted(percentile);
                figures.add(new Figure("pause of a capture %s, %s".formatted(what, name), micros(one.pauses(), percentile), "us"));
                figures.add(
                        new Figure(
                                "longest write in a capture %s, %s".formatted(what, name),
                                micros(one.longestWrites(), percentile),
                                "us"));
                figures.add(
                        new Figure(
                                "longest write in as long without a capture %s, %s".formatted(what, name),
                                micros(one.longestAlone(), percentile),
                                "us"));
            }
            figures.add(new Figure("captures " + what, one.pauses().getTotalCount(), ""));
            bars.add(Bar.atMost("p99 of the pause of a capture %s, us".formatted(what), micros(one.pauses(), 99), PAUSE_MICROS_MAX));
        }
        bars.add(
                Bar.atMost(
                        "p99 of the pause of %,d pages, to that of %,d".formatted(counts[2], counts[0]),
                        micros(all.getLast().pauses(), 99),
                        micros(all.getFirst().pauses(), 99),
                        GROWTH_MAX));
    }

    private static double micros(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / 1e3;
    }

    /** Adds the times of a round. */
    private void measure(Measured measured) throws IOException, InterruptedException {
        int pages = measured.pages();
        try (PagePool pool = PagePool.inMemory(BenchedPages.meta(PAGE_BYTES), BenchedPages.size(pages, true))) {
            BenchedPages.fill(pool);
            BenchedPages.install(pool, SEQUENCES);
            Packs packs = new Packs();
            try (TailWriter writer = TailWriter.start(pool)) {
                Path before = folder.resolve("pauses-%d-warm-up".formatted(pages));
                capture(pool, packs, before);
                for (int number = 0; number < WARM_UP; number++) {
                    before = captureAfter(before, pool, packs, folder.resolve("pauses-%d-warm-up-%d".formatted(pages, number))).directory();
                }
                long end = System.nanoTime() + most.toNanos();
                for (int number = 0; number < capturesOfARound && System.nanoTime() < end; number++) {
                    writer.takeLongest();
                    long begin = System.nanoTime();
                    Done done = captureAfter(before, pool, packs, folder.resolve("pauses-%d-%d".formatted(pages, number)));
                    measured.longestWrites().recordValue(writer.takeLongest());
                    measured.pauses().recordValue(done.captured().pauseNanos());
                    alone(Math.min(System.nanoTime() - begin, ALONE_MAX.toNanos()));
                    measured.longestAlone().recordValue(writer.takeLongest());
                    before = done.directory();
                }
                TemporaryFolder.delete(before);
            }
        }
    }

    private static void alone(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private record Done(Path directory, SnapshotWriter.Captured captured) {}

    private static Done captureAfter(Path before, PagePool pool, Packs packs, Path directory) throws IOException, InterruptedException {
        SnapshotWriter.Captured captured = capture(pool, packs, directory);
        if (captured.pagesWritten() > 2 * SEQUENCES) {
            throw new BenchmarkFailedException(
                    "%s: %d pages written (expected: those that changed, and copies of them)".formatted(
                            directory,
                            captured.pagesWritten()));
        }
        TemporaryFolder.delete(before);
        packs.forgetMissing();
        return new Done(directory, captured);
    }

    private static SnapshotWriter.Captured capture(PagePool pool, Packs packs, Path directory) throws IOException, InterruptedException {
        SnapshotWriter.Captured captured = SnapshotWriter.capture(pool, Files.createDirectory(directory), packs, _ -> {});
        SnapshotWriter.published(captured, directory, pool, packs);
        return captured;
    }
}
