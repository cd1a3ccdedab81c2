package dev.spillway.coordinator.curve;

import java.util.Collection;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The keys that at least one simulated cache holds. Not thread-safe. */
final class FollowedKeys {
    /** A key, with its place in each cache that holds it, indexed by the cache's number. */
    static final class FollowedKey {
        final long hash;
        final @Nullable CachedKey[] places = new CachedKey[SimulatedCache.NUMBERS];
        long size;
        double cost;
        /** Number of its last use; a larger number is a later use. */
        long lastUse;
        private int held;

        FollowedKey(long hash) {
            this.hash = hash;
        }

        boolean isHeld() {
            return held > 0;
        }
    }

    /** A key's place in one cache. */
    static final class CachedKey {
        final FollowedKey key;
        int uses;
        double priority;
        /** Index in the cache's heap. */
        int index;

        CachedKey(FollowedKey key, int uses, double priority) {
            this.key = key;
            this.uses = uses;
            this.priority = priority;
        }
    }

    private final TreeMap<Long, FollowedKey> byHash = new TreeMap<>();
    private int places;
    private long uses;

    int size() {
        return byHash.size();
    }

    /** Returns the total number of places of all keys. */
    int places() {
        return places;
    }

    @Nullable
    FollowedKey get(long hash) {
        return byHash.get(hash);
    }

    /** Returns the key with the largest hash. */
    FollowedKey largest() {
        return byHash.lastEntry().getValue();
    }

    Collection<FollowedKey> all() {
        return byHash.values();
    }

    /** Makes a key the most recently used one. */
    void use(FollowedKey key) {
        key.lastUse = ++uses;
    }

    /** Gives a key a place. */
    void add(int number, CachedKey place) {
        FollowedKey key = place.key;
        key.places[number] = place;
        places++;
        if (key.held++ == 0) {
            byHash.put(key.hash, key);
        }
    }

    /** Removes a place. A key without places is dropped. */
    void remove(int number, CachedKey place) {
        FollowedKey key = place.key;
        key.places[number] = null;
        places--;
        if (--key.held == 0) {
            byHash.remove(key.hash);
        }
    }
}
