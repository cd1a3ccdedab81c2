package dev.spillway.coordinator.curve;

import dev.spillway.events.EvictionPolicy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Remembers a namespace's accesses as far as its hit-rate curve needs them. Its size is bounded, because it follows sampled keys only.
 *
 * <p>An access is a counted hit, or the put of a key that named no entry, which is what a miss leads to. A miss that leads to no put is one at any
 * size. Not thread-safe.
 */
public abstract sealed class CurveModel permits UseModel, GdsfModel {
    /** The multiple of its present number of entries that a namespace's curve reaches at least. */
    static final int REACH = 8;

    private long threshold;
    /** Weight of all accesses that were sampled. */
    private double sampled;
    /** Numbers of accesses and of misses without a put. */
    private double accesses;
    private double unfilled;

    CurveModel(long threshold) {
        this.threshold = threshold;
    }

    /** Returns the model of a namespace that nobody has used yet. */
    public static CurveModel empty(EvictionPolicy policy, long threshold) {
        return switch (policy) {
            case LRU -> new UseModel(threshold);
            case GDSF -> new GdsfModel(threshold);
        };
    }

    /** Returns this model if it is one of this policy, and otherwise an empty one that samples the same keys. */
    public final CurveModel as(EvictionPolicy policy) {
        return policy() == policy ? this : empty(policy, threshold);
    }

    abstract EvictionPolicy policy();

    /** Returns the bound on hashes of sampled keys. It never rises. */
    public final long threshold() {
        return threshold;
    }

    /** Returns the share of keys that are sampled. */
    final double rate() {
        return Sampling.rate(threshold);
    }

    /**
     * Takes accesses of several coordinators.
     *
     * @param present number of entries of the namespace
     */
    public final void take(List<SampledAccesses> batches, long present) {
        for (SampledAccesses batch : batches) {
            lowerTo(batch.threshold());
            accesses += batch.hits() + batch.fills();
            unfilled += batch.misses() - batch.fills();
        }
        for (SampledAccesses.Sample sample : SampledAccesses.inOrder(batches)) {
            if (sample.hash() < threshold) {
                sampled += sample.accesses() / rate();
                take(sample, present);
                while (isFull()) {
                    shrink(present);
                }
            }
        }
    }

    abstract void take(SampledAccesses.Sample sample, long present);

    /** Returns whether it remembers more than it may. */
    abstract boolean isFull();

    /** Remembers less: what lies beyond the curve's reach, or else fewer keys. */
    abstract void shrink(long present);

    final void lowerTo(long bound) {
        threshold = Math.min(threshold, bound);
        forgetFrom(threshold);
    }

    /** Forgets the keys whose hash is not below a bound. */
    abstract void forgetFrom(long bound);

    /** Lets earlier accesses weigh less. */
    public final void age(double factor) {
        scale(factor);
        sampled *= factor;
        accesses *= factor;
        unfilled *= factor;
    }

    /** Multiplies the weights of hits. */
    abstract void scale(double factor);

    /** Returns the curve of what was taken so far. */
    public final HitRateCurve curve() {
        // A miss with a put is an access already. Misses of one coordinator can lead to puts at another.
        double total = accesses + Math.max(0, unfilled);
        // Accesses that the sample has too few or too many of are mostly those of popular keys, which are hits at any size.
        DoubleUnaryOperator rate = hits -> total == 0 ? 0 : Math.clamp((hits + accesses - sampled) / total, 0, 1);
        return new HitRateCurve(total, keys(), rate(), byEntries(rate), byBytes(rate));
    }

    /** Returns the number of keys that are followed. */
    abstract int keys();

    /** @param rate the hit rate that a weight of hits makes */
    abstract HitRateCurve.Line byEntries(DoubleUnaryOperator rate);

    abstract HitRateCurve.Line byBytes(DoubleUnaryOperator rate);

    /** Returns it as bytes, at most one mebibyte, for {@link #read}. */
    public final byte[] written() {
        ByteArrayOutputStream bytesOut = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytesOut)) {
            out.writeByte(version(policy()));
            out.writeLong(threshold);
            out.writeDouble(sampled);
            out.writeDouble(accesses);
            out.writeDouble(unfilled);
            write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytesOut.toByteArray();
    }

    abstract void write(DataOutput out) throws IOException;

    /**
     * Reads what {@link #written} made.
     *
     * @throws UncheckedIOException when it is something else
     */
    public static CurveModel read(byte[] written) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(written))) {
            EvictionPolicy policy = policy(in.readByte());
            CurveModel read = empty(policy, in.readLong());
            read.sampled = in.readDouble();
            read.accesses = in.readDouble();
            read.unfilled = in.readDouble();
            read.readRest(in);
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException("reading a curve's state", e);
        }
    }

    abstract void readRest(DataInput in) throws IOException;

    private static int version(EvictionPolicy policy) {
        return switch (policy) {
            case LRU -> 1;
            case GDSF -> 2;
        };
    }

    private static EvictionPolicy policy(int version) throws IOException {
        for (EvictionPolicy policy : EvictionPolicy.values()) {
            if (version(policy) == version) {
                return policy;
            }
        }
        throw new IOException("version " + version + " (expected: 1 or 2)");
    }
}
