package dev.spillway.bench.registry;

import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.ClosedLoop;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Heap;
import dev.spillway.bench.measure.Sample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The change of puts over time: ten windows without a break, with each eviction confirmed as by hosts.
 *
 * @param tenths         in order
 * @param heapAfterFirst bytes that outlive a collection after the first tenth
 * @param heapAtEnd      the same after the last one, while the callers still go on
 * @param sizeAfterFirst bytes that the entries take on the disk with their indexes, after the first tenth
 * @param sizeAtEnd      the same after the last one
 */
record LongRun(Duration length, List<Sample> tenths, double heapAfterFirst, double heapAtEnd, double sizeAfterFirst, double sizeAtEnd) {
    static final int TENTHS = 10;

    static LongRun measure(FilledRegistry stage, int callers, Duration warmUp, Duration length, StepListener progress)
            throws InterruptedException {
        double[] heap = {0, 0};
        double[] size = {0, 0};
        List<Sample> tenths;
        try (Confirmations confirmations = Confirmations.start(stage)) {
            tenths = ClosedLoop.run(
                    RegistryPuts.confirmed(stage, confirmations),
                    callers,
                    warmUp,
                    length.dividedBy(TENTHS),
                    TENTHS,
                    (tenth, sample) -> {
                        progress.step("long run: tenth %d of %d, %,.0f puts/s".formatted(tenth, TENTHS, sample.perSecond()));
                        if (tenth == 1) {
                            heap[0] = Heap.afterCollection();
                            size[0] = stage.entryBytes();
                        } else if (tenth == TENTHS) {
                            heap[1] = Heap.afterCollection();
                            size[1] = stage.entryBytes();
                        }
                    });
        }
        return new LongRun(length, tenths, heap[0], heap[1], size[0], size[1]);
    }

    double first() {
        return tenths.getFirst().perSecond();
    }

    double last() {
        return tenths.getLast().perSecond();
    }

    List<Figure> figures() {
        List<Figure> figures = new ArrayList<>();
        String tenth = "%.1f s".formatted(length.dividedBy(TENTHS).toMillis() / 1e3);
        for (int number = 1; number <= tenths.size(); number++) {
            figures.add(
                    new Figure(
                            "long run, each eviction confirmed, tenth " + number + " of " + tenth,
                            tenths.get(number - 1).perSecond(),
                            "puts/s"));
        }
        figures.add(new Figure("heap after a collection, first tenth", heapAfterFirst, "bytes"));
        figures.add(new Figure("heap after a collection, end", heapAtEnd, "bytes"));
        figures.add(new Figure("entries and their indexes on the disk, first tenth", sizeAfterFirst, "bytes"));
        figures.add(new Figure("entries and their indexes on the disk, end", sizeAtEnd, "bytes"));
        return figures;
    }
}
