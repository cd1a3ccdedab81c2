package dev.spillway.coordinator.curve;

import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys in the order of their last use. For a key, it returns the number and bytes of the keys that were used later. Each call takes time logarithmic
 * in the number of keys. Not thread-safe.
 */
final class RecencyOrder {
    private record Place(long hash, int slot, long size) {}

    /**
     * The other keys that were used after a key.
     *
     * @param keys  number of other keys
     * @param bytes their sizes
     * @param size  the key's own size
     */
    record Since(int keys, double bytes, long size) {}

    private final TreeMap<Long, Place> places = new TreeMap<>();
    private final TreeMap<Integer, Place> bySlot = new TreeMap<>();
    private final int slots;
    private final int[] counts;
    private final double[] bytes;
    private int nextSlot = 1;

    /** @param capacity largest number of keys */
    RecencyOrder(int capacity) {
        slots = 2 * capacity;
        counts = new int[slots + 1];
        bytes = new double[slots + 1];
    }

    int size() {
        return places.size();
    }

    /** Makes a key the most recently used one. */
    void use(long hash, long size) {
        remove(hash);
        if (nextSlot > slots) {
            compact();
        }
        put(new Place(hash, nextSlot++, size));
    }

    /** Returns the keys that were used after a key; null if the key is not in the order. */
    @Nullable
    Since since(long hash) {
        Place place = places.get(hash);
        if (place == null) {
            return null;
        }
        int newer = places.size();
        double newerBytes = 0;
        for (int at = slots; at > 0; at -= at & -at) {
            newerBytes += bytes[at];
        }
        for (int at = place.slot(); at > 0; at -= at & -at) {
            newer -= counts[at];
            newerBytes -= bytes[at];
        }
        return new Since(newer, Math.max(0, newerBytes), place.size());
    }

    void remove(long hash) {
        Place place = places.remove(hash);
        if (place != null) {
            bySlot.remove(place.slot());
            add(place, -1);
        }
    }

    /** Returns the hash of the least recently used key. */
    long oldest() {
        return bySlot.firstEntry().getValue().hash();
    }

    /** Returns the largest hash. */
    long largest() {
        return places.lastKey();
    }

    /** Passes each key's hash and size to {@code taken}, least recently used first. */
    void each(BiConsumer<Long, Long> taken) {
        bySlot.values().forEach(place -> taken.accept(place.hash(), place.size()));
    }

    private void put(Place place) {
        places.put(place.hash(), place);
        bySlot.put(place.slot(), place);
        add(place, 1);
    }

    private void add(Place place, int sign) {
        for (int at = place.slot(); at <= slots; at += at & -at) {
            counts[at] += sign;
            bytes[at] += sign * (double) place.size();
        }
    }

    /** Moves the keys to the first slots, in the same order. */
    private void compact() {
        List<Place> inOrder = List.copyOf(bySlot.values());
        places.clear();
        bySlot.clear();
        Arrays.fill(counts, 0);
        Arrays.fill(bytes, 0);
        nextSlot = 1;
        inOrder.forEach(place -> put(new Place(place.hash(), nextSlot++, place.size())));
    }
}
