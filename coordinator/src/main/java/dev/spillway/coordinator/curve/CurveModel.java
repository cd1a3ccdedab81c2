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
 * Keeps what a namespace's hit-rate curve needs of its accesses. Its size is bounded, because it follows only a sample of the keys.
 *
 * <p>An access is a counted hit, or the put of a new key, which normally follows a miss. A miss without such a put would be a miss at any size. Not
 * thread-safe.
 */
public abstract sealed class CurveModel permits UseModel, GdsfModel {
    /** Factor for the curve's length: it reaches at least to this multiple of the namespace's present number of entries. */
    static final int REACH = 8;

    private long threshold;
    /** Weight of the sampled accesses, scaled up to all keys. */
    private double sampled;
    /** Number of all accesses. {@code unfilled} is the number of misses without a put. */
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

    /** Returns this model if it is for this policy, and otherwise an empty one that samples the same keys. */
    public final CurveModel as(EvictionPolicy policy) {
        return policy() == policy ? this : empty(policy, threshold);
    }

    abstract EvictionPolicy policy();

    /** Returns the exclusive upper bound on the hashes of sampled keys. It never rises. */
    public final long threshold() {
        return threshold;
    }

    /** Returns the share of keys that are sampled. */
    final double rate() {
        return Sampling.rate(threshold);
    }

    /**
     * Adds accesses that several coordinators have gathered.
     *
     * @param present present number of entries of the namespace
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

    /** Returns whether it keeps more than its size bound. */
    abstract boolean isFull();

    /** Reduces its size: drops what lies beyond the curve's reach, or else lowers the number of sampled keys. */
    abstract void shrink(long present);

    final void lowerTo(long bound) {
        threshold = Math.min(threshold, bound);
        forgetFrom(threshold);
    }

    /** Drops the keys whose hash is at or above a bound. */
    abstract void forgetFrom(long bound);

    /** Reduces the weight of earlier accesses. */
    public final void age(double factor) {
        scale(factor);
        sampled *= factor;
        accesses *= factor;
        unfilled *= factor;
    }

    /** Multiplies the weights of hits. */
    abstract void scale(double factor);

    /** Returns the curve of the accesses so far. */
    public final HitRateCurve curve() {
        // A miss that is followed by a put is already counted as an access. The difference can be negative for a while, because one coordinator may
        // see the miss and another the put.
        double total = accesses + Math.max(0, unfilled);
        // The sample may have too few or too many accesses. The difference is mostly accesses to popular keys, which are hits at any size, so it is
        // added to the hits.
        DoubleUnaryOperator rate = hits -> total == 0 ? 0 : Math.clamp((hits + accesses - sampled) / total, 0, 1);
        return new HitRateCurve(total, keys(), rate(), byEntries(rate), byBytes(rate));
    }

    /** Returns the number of keys that are followed. */
    abstract int keys();

    /** @param rate returns the hit rate for a weight of hits */
    abstract HitRateCurve.Line byEntries(DoubleUnaryOperator rate);

    abstract HitRateCurve.Line byBytes(DoubleUnaryOperator rate);

    /** Returns the model as bytes, at most one mebibyte, for {@link #read}. */
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
     * Reads a model from the bytes of {@link #written}.
     *
     * @throws UncheckedIOException if the bytes are not a model
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
