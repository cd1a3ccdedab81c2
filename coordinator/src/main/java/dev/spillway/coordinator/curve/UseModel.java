package dev.spillway.coordinator.curve;

import dev.spillway.events.EvictionPolicy;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The model of a namespace under LRU: the sampled keys in the order of use, and a histogram of the sizes from which on accesses would be hits. It
 * takes at most half a mebibyte. The method is SHARDS with a fixed size and the adjustment of the first bucket (Waldspurger et al., "Efficient MRC
 * Construction with SHARDS", FAST 2015), over entries and bytes at once.
 */
public final class UseModel extends CurveModel {
    /** Upper bound on the number of sampled keys. */
    public static final int KEYS_MAX = 16_384;

    private final RecencyOrder recency = new RecencyOrder(KEYS_MAX + 1);
    private Distances entries = new Distances();
    private Distances bytes = new Distances();

    UseModel(long threshold) {
        super(threshold);
    }

    /** Returns the model of a namespace that nobody has used yet. */
    public static UseModel empty() {
        return new UseModel(Sampling.ALL);
    }

    @Override
    EvictionPolicy policy() {
        return EvictionPolicy.LRU;
    }

    @Override
    void take(SampledAccesses.Sample sample, long present) {
        if (sample.kind() == SampledAccesses.Kind.REMOVED) {
            recency.remove(sample.hash());
            return;
        }
        double weight = 1 / rate();
        RecencyOrder.Since since = recency.since(sample.hash());
        boolean filled = sample.kind() == SampledAccesses.Kind.FILLED;
        if (sample.accesses() > 0) {
            if (since != null) {
                hit(since.keys() * weight + 1, since.bytes() * weight + (double) since.size(), weight);
            } else if (!filled) {
                // The entry was last used before the first sample, or was dropped. Its last use is earlier than that of all keys in the order.
                hit(recency.size() * weight + 1, (double) sample.size() + totalBytes() * weight, weight);
            }
        }
        if (sample.accesses() > 1) {
            hit(1, Math.max(1.0, (double) sample.size()), (sample.accesses() - 1) * weight);
        }
        recency.use(sample.hash(), sample.size());
    }

    private double totalBytes() {
        RecencyOrder.Since oldest = recency.size() == 0 ? null : recency.since(recency.oldest());
        return oldest == null ? 0 : oldest.bytes() + (double) oldest.size();
    }

    private void hit(double position, double positionInBytes, double weight) {
        entries.add(position, weight);
        bytes.add(Math.max(1, positionInBytes), weight);
    }

    @Override
    boolean isFull() {
        return recency.size() > KEYS_MAX;
    }

    @Override
    void shrink(long present) {
        if (recency.size() / rate() > (double) REACH * Math.max(1, present)) {
            recency.remove(recency.oldest());
        } else {
            lowerTo(recency.largest());
        }
    }

    @Override
    void forgetFrom(long bound) {
        while (recency.size() > 0 && recency.largest() >= bound) {
            recency.remove(recency.largest());
        }
    }

    @Override
    void scale(double factor) {
        entries.scale(factor);
        bytes.scale(factor);
    }

    @Override
    int keys() {
        return recency.size();
    }

    @Override
    HitRateCurve.Line byEntries(DoubleUnaryOperator rate) {
        return line(entries, rate);
    }

    @Override
    HitRateCurve.Line byBytes(DoubleUnaryOperator rate) {
        return line(bytes, rate);
    }

    private static HitRateCurve.Line line(Distances distances, DoubleUnaryOperator rate) {
        List<HitRateCurve.Point> points = new ArrayList<>();
        double[] hits = {0};
        distances.each((size, weight) -> {
            hits[0] += weight;
            double there = rate.applyAsDouble(hits[0]);
            points.add(new HitRateCurve.Point(size, points.isEmpty() ? there : Math.max(there, points.getLast().hitRate())));
        });
        return new HitRateCurve.Line(points);
    }

    @Override
    void write(DataOutput out) throws IOException {
        entries.write(out);
        bytes.write(out);
        out.writeInt(recency.size());
        List<long[]> keys = new ArrayList<>();
        recency.each((hash, size) -> keys.add(new long[]{hash, size}));
        for (long[] key : keys) {
            out.writeLong(key[0]);
            out.writeLong(key[1]);
        }
    }

    @Override
    void readRest(DataInput in) throws IOException {
        entries = Distances.read(in);
        bytes = Distances.read(in);
        int keys = in.readInt();
        for (int index = 0; index < keys; index++) {
            recency.use(in.readLong(), in.readLong());
        }
    }
}
