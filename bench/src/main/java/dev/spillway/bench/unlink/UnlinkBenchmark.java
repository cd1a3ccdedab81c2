package dev.spillway.bench.unlink;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Scenario;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads of a host's images while nothing is deleted, while many trees are deleted with a worker's pace, and while they are deleted as fast as the file system
 * is. A window of reads beside a deletion is exactly as long as the deletion.
 */
public final class UnlinkBenchmark implements Benchmark {
    private static final int READERS = 4;
    private static final int READ_BYTES = 64 << 10;
    private static final double BOUND = 0.8;

    private record Sizes(int images, int filesEach, int trees, FilledStore.Tree tree, UnlinkPace.Rates rates) {}

    private static Sizes sizes(Effort effort) {
        return effort.quick()
                ? new Sizes(4, 8, 4, new FilledStore.Tree(500, 4 << 10), new UnlinkPace.Rates(4_000, 64 << 20))
                : new Sizes(64, 64, 40, new FilledStore.Tree(1_000, 16 << 10), UnlinkPace.Rates.DEFAULTS);
    }

    /** A line whose reads go on beside deletions. */
    private record Beside(Scenario line, UnlinkPace.Rates rates, List<FilledStore.Removed> removed) {
        Duration took() {
            long[] sorted = removed.stream().mapToLong(FilledStore.Removed::nanos).sorted().toArray();
            return Duration.ofNanos(sorted[sorted.length / 2]);
        }
    }

    @Override
    public String name() {
        return "unlink";
    }

    @Override
    public String description() {
        return "reads of images while trees are deleted, with the pace of a worker and without it";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        Sizes sizes = sizes(effort);
        progress.step("making %,d images of %,d files".formatted(sizes.images(), sizes.filesEach()));
        try (FilledStore store =
                FilledStore.make(sizes.images(), new FilledStore.Tree(sizes.filesEach(), READ_BYTES), sizes.tree())) {
            Machine machine = Machine.read(store.folder());
            ImageReads reads = ImageReads.of(store.read(), READ_BYTES);
            long files = store.read().size();
            Scenario alone = new Scenario("nothing is deleted", "reads", files, READERS, reads);
            Beside paced =
                    new Beside(new Scenario("deleted with the pace", "reads", files, READERS, reads), sizes.rates(), new ArrayList<>());
            Beside unpaced = new Beside(
                    new Scenario("deleted without it", "reads", files, READERS, reads),
                    UnlinkPace.Rates.NONE,
                    new ArrayList<>());
            FilledStore.Removed unread = warmUp(store, sizes, alone, effort, progress);
            takeTurns(store, sizes, alone, List.of(paced, unpaced), effort, progress);
            progress.step("deleting the store");
            return run.report(
                    machine,
                    settings(sizes, reads),
                    List.of(alone.result(), paced.line().result(), unpaced.line().result()),
                    figures(unread, paced, unpaced),
                    List.of(check("with the pace", paced), check("without it", unpaced)),
                    List.of(
                            Bar.atLeast(
                                    "reads while trees are deleted with the pace, to reads alone",
                                    paced.line().perSecond(),
                                    alone.perSecond(),
                                    BOUND)));
        }
    }

    /** Runs every measured line once, and returns a deletion without concurrent reads. */
    private static FilledStore.Removed warmUp(FilledStore store, Sizes sizes, Scenario alone, Effort effort, StepListener progress)
            throws InterruptedException {
        progress.step("warming up");
        alone.warm(effort);
        store.fillTrash(sizes.trees());
        return store.emptyTrash(UnlinkPace.none());
    }

    private static void takeTurns(FilledStore store, Sizes sizes, Scenario alone, List<Beside> beside, Effort effort, StepListener progress)
            throws InterruptedException {
        for (int round = 1; round <= effort.rounds(); round++) {
            progress.step("round %d of %d: %s".formatted(round, effort.rounds(), alone.title()));
            alone.measure(effort);
            for (Beside each : beside) {
                progress.step("round %d of %d: filling the trash".formatted(round, effort.rounds()));
                store.fillTrash(sizes.trees());
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), each.line().title()));
                UnlinkPace pace = UnlinkPace.of(each.rates(), () -> false);
                each.line().measure(effort, () -> each.removed().add(store.emptyTrash(pace)));
                verify(sizes, each.removed().getLast());
            }
        }
    }

    private static void verify(Sizes sizes, FilledStore.Removed removed) {
        if (removed.trees() != sizes.trees() || removed.entries() != sizes.trees() * sizes.tree().entries()) {
            throw new BenchmarkFailedException("%s (expected: %d trees of %s)".formatted(removed, sizes.trees(), sizes.tree()));
        }
    }

    private static Map<String, String> settings(Sizes sizes, ImageReads reads) {
        return new TreeMap<>(
                Map.of(
                        "reads",
                        reads.isDirect() ? "of the disk (O_DIRECT)" : "from memory: the file system has no O_DIRECT",
                        "unlink-rate",
                        String.valueOf(sizes.rates().entriesPerSecond()),
                        "unlink-bytes-rate",
                        String.valueOf(sizes.rates().bytesPerSecond())));
    }

    private static List<Figure> figures(FilledStore.Removed unread, Beside paced, Beside unpaced) {
        return List.of(
                new Figure("deleted each time", (double) unread.entries(), "files and directories"),
                new Figure("deleted each time, allocated", (double) unread.bytes(), "bytes"),
                new Figure("a deletion took with the pace", millis(paced.took()), "ms"),
                new Figure("a deletion took without it", millis(unpaced.took()), "ms"),
                new Figure("a deletion took without it, nobody reading", millis(Duration.ofNanos(unread.nanos())), "ms"));
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    private static Check check(String name, Beside beside) {
        return new Check(
                "deletions " + name,
                new TreeMap<>(
                        Map.of(
                                "rounds",
                                (long) beside.removed().size(),
                                "trees",
                                beside.removed().stream().mapToLong(FilledStore.Removed::trees).sum(),
                                "entries",
                                beside.removed().stream().mapToLong(FilledStore.Removed::entries).sum())));
    }
}
