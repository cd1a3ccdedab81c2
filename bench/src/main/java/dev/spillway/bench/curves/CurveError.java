package dev.spillway.bench.curves;

import dev.spillway.coordinator.curve.CurveModel;
import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.UseModel;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.trail.Access;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongToDoubleFunction;

/**
 * The error of a curve against the exact hit rates of a trace, at evenly spaced sizes up to the total of all entries.
 *
 * @param entries     mean absolute error over the number of entries
 * @param bytes       mean absolute error over the bytes
 * @param modelBytes  largest size of the model during the trace
 * @param samplingRate share of all keys that was sampled at the end
 */
public record CurveError(double entries, double bytes, long modelBytes, double samplingRate) {
    private static final NamespaceName NAMESPACE = new NamespaceName("trace");
    private static final int SIZES = 200;
    /** Number of reads that coordinators store together. */
    private static final int BATCH = 20_000;

    /** Feeds a trace to a model in batches, as coordinators store them, and writes and reads the model after each batch. */
    public static CurveError of(Trace trace) {
        CurveModel model = UseModel.empty();
        BitSet known = new BitSet();
        long modelBytes = 0;
        for (int from = 0; from < trace.reads(); from += BATCH) {
            SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(model.threshold());
            for (int read = from; read < Math.min(trace.reads(), from + BATCH); read++) {
                int key = trace.key(read);
                boolean isNew = !known.get(key);
                known.set(key);
                gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), read + 1, trace.size(key), 1, isNew ? 0 : 1, isNew));
            }
            model.take(List.of(gathering.taken()), known.cardinality());
            byte[] written = model.written();
            modelBytes = Math.max(modelBytes, written.length);
            model = CurveModel.read(written);
        }
        HitRateCurve curve = model.curve();
        StackDistances exact = StackDistances.of(trace);
        long entries = known.cardinality();
        long bytes = known.stream().mapToLong(trace::size).sum();
        return new CurveError(
                mean(entries, curve.byEntries()::at, exact::atEntries),
                mean(bytes, curve.byBytes()::at, exact::atBytes),
                modelBytes,
                curve.samplingRate());
    }

    private static double mean(long most, LongToDoubleFunction ours, LongToDoubleFunction exact) {
        double sum = 0;
        for (int number = 1; number <= SIZES; number++) {
            long size = (long) ((double) most * number / SIZES);
            sum += Math.abs(ours.applyAsDouble(size) - exact.applyAsDouble(size));
        }
        return sum / SIZES;
    }
}
