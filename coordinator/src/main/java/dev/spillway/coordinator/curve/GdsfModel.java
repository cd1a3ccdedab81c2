package dev.spillway.coordinator.curve;

import dev.spillway.coordinator.curve.FollowedKeys.CachedKey;
import dev.spillway.coordinator.curve.FollowedKeys.FollowedKey;
import dev.spillway.events.EvictionPolicy;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The model of a namespace under GDSF: a set of simulated caches of growing sizes, some limited by entries and some by bytes, fed with the sampled
 * keys. GDSF is not a stack algorithm, so one pass cannot yield the hit rates of all sizes. Each cache is scaled down by the sampling rate
 * (Waldspurger et al., "Cache Modeling and Optimization using Miniature Simulations", ATC 2017). Hit rates between their sizes are interpolated.
 *
 * <p>A larger cache is added just before the largest one would evict for the first time, as a copy of it. So it has the state that it would have if
 * it had existed from the beginning.
 */
public final class GdsfModel extends CurveModel {
    /** Upper bound on the number of sampled keys. */
    public static final int KEYS_MAX = 8_192;

    static final int BYTES_MAX = 1 << 20;
    /** Upper bound on the number of caches limited by entries, and of those limited by bytes. */
    static final int CACHES_MAX = 20;
    private static final int KEY_BYTES = 4 * Long.BYTES;
    private static final int PLACE_BYTES = Short.BYTES + Double.BYTES;
    private static final int HEADER_BYTES =
            Byte.BYTES + 4 * Long.BYTES + 2 * (2 * Byte.BYTES + CACHES_MAX * 2 * Double.BYTES) + Integer.BYTES;
    /** Upper bound on the total number of places, so that the written form stays within {@link #BYTES_MAX}. */
    static final int PLACES_MAX = (BYTES_MAX - HEADER_BYTES - KEYS_MAX * KEY_BYTES) / PLACE_BYTES;
    /** Capacity of a simulated cache, in sampled entries of mean size, below which its hit rate is mostly chance. */
    private static final int ROOM_MIN = 8;
    /** Number of interpolated points between the sizes of two caches. */
    private static final int POINTS = 32;

    private final FollowedKeys followed = new FollowedKeys();
    private final List<SimulatedCache> byEntries = new ArrayList<>();
    private final List<SimulatedCache> byBytes = new ArrayList<>();
    private final List<List<SimulatedCache>> kinds = List.of(byEntries, byBytes);
    private final int keysMax;
    private final int placesMax;

    GdsfModel(long threshold) {
        this(threshold, KEYS_MAX, PLACES_MAX);
    }

    /** Creates a model with other bounds. */
    GdsfModel(long threshold, int keysMax, int placesMax) {
        super(threshold);
        this.keysMax = keysMax;
        this.placesMax = placesMax;
    }

    /** Returns the model of a namespace that nobody has used yet. */
    public static GdsfModel empty() {
        return new GdsfModel(Sampling.ALL);
    }

    @Override
    EvictionPolicy policy() {
        return EvictionPolicy.GDSF;
    }

    @Override
    void take(SampledAccesses.Sample sample, long present) {
        FollowedKey known = followed.get(sample.hash());
        if (sample.kind() == SampledAccesses.Kind.REMOVED) {
            if (known != null) {
                remove(known);
            }
            return;
        }
        FollowedKey key = known == null ? new FollowedKey(sample.hash()) : known;
        boolean wasThere = known == null && sample.kind() == SampledAccesses.Kind.USED;
        followed.use(key);
        grow(byEntries, false, key, sample.size(), present);
        grow(byBytes, true, key, sample.size(), present);
        kinds.forEach(caches -> caches.forEach(cache -> cache.use(key, sample, wasThere, rate())));
        key.size = sample.size();
        key.cost = sample.cost();
    }

    private void remove(FollowedKey key) {
        kinds.forEach(caches -> caches.forEach(cache -> cache.remove(key)));
    }

    /** Adds larger caches while the largest one has no room for the key and either has evicted nothing yet or lies within the reach of the curve. */
    private void grow(List<SimulatedCache> caches, boolean inBytes, FollowedKey key, long size, long present) {
        if (caches.isEmpty()) {
            caches.add(new SimulatedCache(followed, inBytes, 0, 0, 0));
        }
        SimulatedCache last = caches.getLast();
        while (!last.fits(key, size, rate()) && !last.isLargest() && (last.inflation() == 0 || !reaches(last, present))) {
            last = last.larger();
            caches.add(last);
            while (caches.size() > CACHES_MAX || caches.size() > 1 && isTooSmall(caches.getFirst(), last)) {
                caches.removeFirst().clear();
            }
        }
    }

    private boolean isTooSmall(SimulatedCache cache, SimulatedCache largest) {
        return rate() < 1 && (double) cache.limit() * rate() < ROOM_MIN * largest.held() / largest.count();
    }

    private boolean reaches(SimulatedCache cache, long present) {
        return cache.count() / rate() >= (double) REACH * Math.max(1, present);
    }

    @Override
    boolean isFull() {
        return followed.size() > keysMax || followed.places() > placesMax;
    }

    @Override
    void shrink(long present) {
        for (List<SimulatedCache> caches : kinds) {
            if (caches.size() > 1 && reaches(caches.get(caches.size() - 2), present)) {
                caches.removeLast().clear();
                return;
            }
        }
        lowerTo(followed.largest().hash);
    }

    @Override
    void forgetFrom(long bound) {
        while (followed.size() > 0 && followed.largest().hash >= bound) {
            remove(followed.largest());
        }
    }

    @Override
    void scale(double factor) {
        kinds.forEach(caches -> caches.forEach(cache -> cache.scale(factor)));
    }

    @Override
    int keys() {
        return followed.size();
    }

    @Override
    HitRateCurve.Line byEntries(DoubleUnaryOperator rate) {
        return line(byEntries, rate);
    }

    @Override
    HitRateCurve.Line byBytes(DoubleUnaryOperator rate) {
        return line(byBytes, rate);
    }

    private HitRateCurve.Line line(List<SimulatedCache> caches, DoubleUnaryOperator rate) {
        List<HitRateCurve.Point> points = new ArrayList<>();
        HitRateCurve.Point last = new HitRateCurve.Point(0, 0);
        for (SimulatedCache cache : caches) {
            double size = (double) cache.limit();
            if (cache == caches.getLast() && cache.inflation() == 0) {
                // A cache that has evicted nothing would hold everything with less room, too.
                size = Math.clamp(Math.ceil(cache.held() / rate()), Math.min(size, last.size() + 1), size);
            }
            double hitRate = Math.max(last.hitRate(), rate.applyAsDouble(cache.hits()));
            double step = Math.max(1, Math.floor((size - last.size()) / POINTS));
            for (double at = last.size() + step; at < size; at += step) {
                double share = (at - last.size()) / (size - last.size());
                points.add(new HitRateCurve.Point(at, last.hitRate() + share * (hitRate - last.hitRate())));
            }
            last = new HitRateCurve.Point(size, hitRate);
            points.add(last);
        }
        return new HitRateCurve.Line(points);
    }

    @Override
    void write(DataOutput out) throws IOException {
        for (List<SimulatedCache> caches : kinds) {
            out.writeByte(caches.size());
            out.writeByte(caches.isEmpty() ? 0 : caches.getFirst().step());
            for (SimulatedCache cache : caches) {
                out.writeDouble(cache.hits());
                out.writeDouble(cache.inflation());
            }
        }
        out.writeInt(followed.size());
        for (FollowedKey key : followed.all().stream().sorted(Comparator.comparingLong(key -> key.lastUse)).toList()) {
            out.writeLong(key.hash);
            out.writeLong(key.size);
            out.writeDouble(key.cost);
            long numbers = 0;
            for (int number = 0; number < SimulatedCache.NUMBERS; number++) {
                numbers |= key.places[number] == null ? 0 : 1L << number;
            }
            out.writeLong(numbers);
            for (CachedKey place : key.places) {
                if (place != null) {
                    out.writeShort(place.uses);
                    out.writeDouble(place.priority);
                }
            }
        }
    }

    @Override
    void readRest(DataInput in) throws IOException {
        SimulatedCache[] byNumber = new SimulatedCache[SimulatedCache.NUMBERS];
        readCaches(in, byEntries, false, byNumber);
        readCaches(in, byBytes, true, byNumber);
        int keys = in.readInt();
        for (int index = 0; index < keys; index++) {
            FollowedKey key = new FollowedKey(in.readLong());
            key.size = in.readLong();
            key.cost = in.readDouble();
            followed.use(key);
            for (long left = in.readLong(); left != 0; left &= left - 1) {
                int uses = in.readUnsignedShort();
                byNumber[Long.numberOfTrailingZeros(left)].restore(new CachedKey(key, uses, in.readDouble()));
            }
        }
    }

    private void readCaches(DataInput in, List<SimulatedCache> caches, boolean inBytes, SimulatedCache[] byNumber) throws IOException {
        int count = in.readUnsignedByte();
        int first = in.readUnsignedByte();
        for (int step = first; step < first + count; step++) {
            SimulatedCache cache = new SimulatedCache(followed, inBytes, step, in.readDouble(), in.readDouble());
            caches.add(cache);
            byNumber[cache.number()] = cache;
        }
    }
}
