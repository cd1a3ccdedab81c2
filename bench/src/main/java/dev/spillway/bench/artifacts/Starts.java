package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Heap;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Measures the opening of stores with many small artifacts, and the heap of the store under test. */
final class Starts {
    private static final int ARTIFACT_BYTES = 256;
    private static final double OPEN_MILLIS_MAX = 5_000;
    private static final double HEAP_BYTES_MAX = 200;

    private final Path folder;
    private final Effort effort;
    private final int artifacts;

    Starts(Path folder, Effort effort) {
        this.folder = folder;
        this.effort = effort;
        this.artifacts = effort.quick() ? 10_000 : 1_000_000;
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) throws Exception {
        List<DurableStore.Kind> kinds = List.of(DurableStore.Kind.ROCKSDB, DurableStore.Kind.SPILLWAY);
        for (DurableStore.Kind kind : kinds) {
            progress.step("filling with %,d artifacts%s".formatted(artifacts, kind.suffix()));
            fill(kind);
        }
        double[][] millis = new double[kinds.size()][effort.rounds()];
        for (int round = 0; round < effort.rounds(); round++) {
            progress.step("round %d of %d: start".formatted(round + 1, effort.rounds()));
            for (int kind = 0; kind < kinds.size(); kind++) {
                millis[kind][round] = open(kinds.get(kind));
            }
        }
        String name = "start with %,d artifacts of %d bytes".formatted(artifacts, ARTIFACT_BYTES);
        double ours = median(millis[1]);
        double heap = heapBytesEach();
        figures.add(new Figure(name, ours, "ms"));
        figures.add(new Figure(name + DurableStore.Kind.ROCKSDB.suffix(), median(millis[0]), "ms"));
        figures.add(new Figure("heap of each of these artifacts", heap, "bytes"));
        bars.add(Bar.atMost("milliseconds of a " + name, ours, OPEN_MILLIS_MAX));
        bars.add(Bar.atMost("bytes of heap of each of these artifacts", heap, HEAP_BYTES_MAX));
    }

    private Path directory(DurableStore.Kind kind) {
        return folder.resolve("start-" + kind.name().toLowerCase(Locale.ROOT));
    }

    private void fill(DurableStore.Kind kind) throws Exception {
        List<byte[]> contents = Payloads.contents(ARTIFACT_BYTES);
        try (DurableStore store = kind.open(directory(kind))) {
            for (int number = 0; number < artifacts; number++) {
                store.put(number, contents.get(number % contents.size()));
            }
            store.flush();
        }
    }

    private double open(DurableStore.Kind kind) throws Exception {
        long begin = System.nanoTime();
        try (DurableStore store = kind.open(directory(kind))) {
            double millis = (System.nanoTime() - begin) / 1e6;
            if (store.get(artifacts - 1).isEmpty()) {
                throw new BenchmarkFailedException("%s: the last artifact is not there".formatted(kind));
            }
            return millis;
        }
    }

    /** Returns the difference between the heap with an open store and the same heap without it, so that other objects are not counted. */
    private double heapBytesEach() throws Exception {
        long open = heapOfOpenStore();
        return (double) (open - Heap.afterCollections()) / artifacts;
    }

    private long heapOfOpenStore() throws Exception {
        try (DurableStore store = DurableStore.Kind.SPILLWAY.open(directory(DurableStore.Kind.SPILLWAY))) {
            if (!(store instanceof DurableStore.Segments segments) || segments.store().metrics().entries() != artifacts) {
                throw new BenchmarkFailedException("%s (expected: %d artifacts)".formatted(store, artifacts));
            }
            return Heap.afterCollections();
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
