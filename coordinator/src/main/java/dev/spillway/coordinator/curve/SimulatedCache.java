package dev.spillway.coordinator.curve;

import dev.spillway.coordinator.curve.FollowedKeys.CachedKey;
import dev.spillway.coordinator.curve.FollowedKeys.FollowedKey;
import java.util.ArrayList;
import java.util.List;

/**
 * A simulated cache of one size under GDSF. It sees only the sampled keys, and its capacity is scaled down by the sampling rate.
 *
 * <p>The priority of a key is the cache's inflation at its last use, plus its uses times its cost per byte. The inflation is the highest priority
 * that was evicted. The victim is the key with the lowest priority, among equals the least recently used one. Not thread-safe.
 */
final class SimulatedCache {
    /** Number of distinct values of {@link #number}. */
    static final int NUMBERS = Long.SIZE;
    /** Number of uses beyond which further ones no longer raise the priority. */
    static final int USES_MAX = 0xffff;
    /** Index of the largest size. The sizes are 1 and then two for each power of two. */
    private static final int STEP_MAX = 120;

    private final FollowedKeys keys;
    private final int step;
    private final boolean inBytes;
    private final List<CachedKey> heap = new ArrayList<>();
    private double held;
    private double hits;
    private double inflation;

    SimulatedCache(FollowedKeys keys, boolean inBytes, int step, double hits, double inflation) {
        this.keys = keys;
        this.inBytes = inBytes;
        this.step = step;
        this.hits = hits;
        this.inflation = inflation;
    }

    /** Returns a copy of this cache with the next size. */
    SimulatedCache larger() {
        SimulatedCache larger = new SimulatedCache(keys, inBytes, step + 1, hits, inflation);
        heap.forEach(place -> larger.restore(new CachedKey(place.key, place.uses, place.priority)));
        return larger;
    }

    boolean isLargest() {
        return step == STEP_MAX;
    }

    /** Returns its number, which is unique if no two caches of a kind are {@link #NUMBERS} / 2 or more steps apart. */
    int number() {
        return step % (NUMBERS / 2) + (inBytes ? NUMBERS / 2 : 0);
    }

    int step() {
        return step;
    }

    /** Returns the size of the cache that it simulates, before scaling down. */
    long limit() {
        return step == 0 ? 1 : (2L + (step - 1) % 2) << (step - 1) / 2;
    }

    int count() {
        return heap.size();
    }

    /** Returns the entries or bytes that it holds. */
    double held() {
        return held;
    }

    double hits() {
        return hits;
    }

    double inflation() {
        return inflation;
    }

    void scale(double factor) {
        hits *= factor;
    }

    /** Returns whether a key of this size fits without an eviction. */
    boolean fits(FollowedKey key, long size, double rate) {
        double before = key.places[number()] == null ? 0 : amount(key.size);
        return held - before + amount(size) <= (double) limit() * rate;
    }

    private double amount(long size) {
        return inBytes ? (double) size : 1;
    }

    /**
     * Applies an access. A key that the cache does not hold is put.
     *
     * @param key       the key, still with its size before this access
     * @param wasThere  whether the key named an entry before, although no cache has followed it
     */
    void use(FollowedKey key, SampledAccesses.Sample sample, boolean wasThere, double rate) {
        int uses = (int) Math.min(USES_MAX, Math.max(1, sample.accesses()));
        double worth = sample.cost() / (double) Math.max(1, sample.size());
        CachedKey place = key.places[number()];
        if (sample.accesses() > 0 && (place != null || wasThere && fits(key, sample.size(), rate))) {
            hits += 1 / rate;
        }
        if (place != null && key.size == sample.size()) {
            place.uses = Math.min(USES_MAX, place.uses + uses);
            place.priority = inflation + place.uses * worth;
            sift(place, place.index);
        } else {
            remove(key);
            if (amount(sample.size()) > (double) limit() * rate) {
                return;
            }
            // The priority uses the inflation from before the evictions.
            CachedKey added = new CachedKey(key, uses, inflation + uses * worth);
            while (!fits(key, sample.size(), rate)) {
                CachedKey victim = heap.getFirst();
                inflation = Math.max(inflation, victim.priority);
                remove(victim.key);
            }
            add(added, sample.size());
        }
        hits += Math.max(0, sample.accesses() - 1) / rate;
    }

    /** Restores a place of a key from a copy. */
    void restore(CachedKey place) {
        add(place, place.key.size);
    }

    private void add(CachedKey place, long size) {
        keys.add(number(), place);
        held += amount(size);
        heap.add(place);
        sift(place, heap.size() - 1);
    }

    void remove(FollowedKey key) {
        CachedKey place = key.places[number()];
        if (place != null) {
            keys.remove(number(), place);
            held -= amount(key.size);
            CachedKey last = heap.removeLast();
            if (last != place) {
                sift(last, place.index);
            }
        }
    }

    void clear() {
        List.copyOf(heap).forEach(place -> remove(place.key));
    }

    /** Moves a place in the heap from an index to its correct position. */
    private void sift(CachedKey place, int from) {
        int at = from;
        while (at > 0 && isBefore(place, heap.get((at - 1) / 2))) {
            set(at, heap.get((at - 1) / 2));
            at = (at - 1) / 2;
        }
        while (2 * at + 1 < heap.size()) {
            int child = 2 * at + 1;
            if (child + 1 < heap.size() && isBefore(heap.get(child + 1), heap.get(child))) {
                child++;
            }
            if (!isBefore(heap.get(child), place)) {
                break;
            }
            set(at, heap.get(child));
            at = child;
        }
        set(at, place);
    }

    private void set(int at, CachedKey place) {
        heap.set(at, place);
        place.index = at;
    }

    private static boolean isBefore(CachedKey one, CachedKey other) {
        return one.priority < other.priority || one.priority == other.priority && one.key.lastUse < other.key.lastUse;
    }
}
