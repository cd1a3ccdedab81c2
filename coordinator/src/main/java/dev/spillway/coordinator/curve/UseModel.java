package dev.spillway.coordinator.curve;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Remembers a namespace's accesses: the sampled keys in the order of use, and the sizes at which accesses would have been hits. Its size
 * is bounded. The method is SHARDS with a fixed size and the adjustment of the first bucket (Waldspurger et al., "Efficient MRC Construction with
 * SHARDS", FAST 2015), over entries and bytes at once.
 *
 * <p>An access is a counted hit, or the put of a key that named no entry, which is what a miss leads to. A miss that leads to no put is one at any
 * size. Not thread-safe.
 */
public final class UseModel {
    /** Number of sampled keys. */
    public static final int KEYS_MAX = 16_384;

    private static final int VERSION = 1;
    /** The multiple of its present number of entries that a namespace's curve reaches at least. */
    private static final int REACH = 8;

    private final RecencyOrder recency = new RecencyOrder(KEYS_MAX + 1);
    private final Distances entries;
    private final Distances bytes;
    private long threshold;
    /** Weight of all accesses that were sampled. */
    private double sampled;
    /** Numbers of accesses and of misses without a put. */
    private double accesses;
    private double unfilled;

    private UseModel(long threshold, Distances entries, Distances bytes) {
        this.threshold = threshold;
        this.entries = entries;
        this.bytes = bytes;
    }

    /** Returns the model of a namespace that nobody has used yet. */
    public static UseModel empty() {
        return new UseModel(Sampling.ALL, new Distances(), new Distances());
    }

    /** Returns the bound on hashes of sampled keys. It never rises. */
    public long threshold() {
        return threshold;
    }

    /**
     * Takes accesses of several coordinators.
     *
     * @param present number of entries of the namespace
     */
    public void take(List<SampledAccesses> batches, long present) {
        for (SampledAccesses batch : batches) {
            lowerTo(batch.threshold());
            accesses += batch.hits() + batch.fills();
            unfilled += batch.misses() - batch.fills();
        }
        for (SampledAccesses.Sample sample : SampledAccesses.inOrder(batches)) {
            if (sample.hash() < threshold) {
                take(sample);
                while (recency.size() > KEYS_MAX) {
                    shrink(present);
                }
            }
        }
    }

    /** Lets earlier accesses weigh less. */
    public void age(double factor) {
        entries.scale(factor);
        bytes.scale(factor);
        sampled *= factor;
        accesses *= factor;
        unfilled *= factor;
    }

    private void take(SampledAccesses.Sample sample) {
        if (sample.kind() == SampledAccesses.Kind.REMOVED) {
            recency.remove(sample.hash());
            return;
        }
        double weight = 1 / Sampling.rate(threshold);
        RecencyOrder.Since since = recency.since(sample.hash());
        boolean filled = sample.kind() == SampledAccesses.Kind.FILLED;
        if (filled || sample.hits() > 0) {
            if (since != null) {
                hit(since.keys() * weight + 1, since.bytes() * weight + (double) since.size(), weight);
            } else if (filled) {
                sampled += weight;
            } else {
                // An entry from before the first sample, or one that was forgotten. It lies below all keys that are known.
                hit(recency.size() * weight + 1, (double) sample.size() + totalBytes() * weight, weight);
            }
        }
        if (sample.hits() > 1) {
            hit(1, Math.max(1.0, (double) sample.size()), (sample.hits() - 1) * weight);
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
        sampled += weight;
    }

    /** Forgets the oldest key where it lies beyond what the curve reaches, or else samples fewer keys. */
    private void shrink(long present) {
        if (recency.size() / Sampling.rate(threshold) > (double) REACH * Math.max(1, present)) {
            recency.remove(recency.oldest());
        } else {
            lowerTo(recency.largest());
        }
    }

    private void lowerTo(long bound) {
        threshold = Math.min(threshold, bound);
        while (recency.size() > 0 && recency.largest() >= threshold) {
            recency.remove(recency.largest());
        }
    }

    /** Returns the curve of what was taken so far. */
    public HitRateCurve curve() {
        // A miss with a put is an access already. Misses of one coordinator can lead to puts at another.
        double total = accesses + Math.max(0, unfilled);
        double adjustment = accesses - sampled;
        return new HitRateCurve(total, recency.size(), Sampling.rate(threshold), line(entries, adjustment, total),
                line(bytes, adjustment, total));
    }

    private static HitRateCurve.Line line(Distances distances, double adjustment, double total) {
        List<HitRateCurve.Point> points = new ArrayList<>();
        double[] hits = {adjustment};
        distances.each((size, weight) -> {
            hits[0] += weight;
            double rate = total == 0 ? 0 : Math.clamp(hits[0] / total, 0, 1);
            points.add(new HitRateCurve.Point(size, points.isEmpty() ? rate : Math.max(rate, points.getLast().hitRate())));
        });
        return new HitRateCurve.Line(points);
    }

    /** Returns it as bytes, at most half a mebibyte, for {@link #read}. */
    public byte[] written() {
        ByteArrayOutputStream bytesOut = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytesOut)) {
            out.writeByte(VERSION);
            out.writeLong(threshold);
            out.writeDouble(sampled);
            out.writeDouble(accesses);
            out.writeDouble(unfilled);
            entries.write(out);
            bytes.write(out);
            out.writeInt(recency.size());
            List<long[]> keys = new ArrayList<>();
            recency.each((hash, size) -> keys.add(new long[]{hash, size}));
            for (long[] key : keys) {
                out.writeLong(key[0]);
                out.writeLong(key[1]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytesOut.toByteArray();
    }

    /**
     * Reads what {@link #written} made.
     *
     * @throws UncheckedIOException when it is something else
     */
    public static UseModel read(byte[] written) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(written))) {
            int version = in.readByte();
            if (version != VERSION) {
                throw new IOException("version " + version + " (expected: " + VERSION + ")");
            }
            long threshold = in.readLong();
            double sampled = in.readDouble();
            double accesses = in.readDouble();
            double unfilled = in.readDouble();
            UseModel read = new UseModel(threshold, Distances.read(in), Distances.read(in));
            read.sampled = sampled;
            read.accesses = accesses;
            read.unfilled = unfilled;
            int keys = in.readInt();
            for (int index = 0; index < keys; index++) {
                read.recency.use(in.readLong(), in.readLong());
            }
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException("reading a curve's state", e);
        }
    }
}
