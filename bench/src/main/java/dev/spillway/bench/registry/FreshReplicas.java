package dev.spillway.bench.registry;

import dev.spillway.events.EntryKey;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Fresh replica ids, and keys made from them, so that whoever is told which key was evicted knows the replica and its host. Keys begin with the
 * random end of the id: they are spread over an index as digests are, while the ids themselves grow with time as workers mint them.
 */
final class FreshReplicas {
    /** A power of two. */
    static final int HOSTS = 8;
    static final long BYTES = 4096;

    private FreshReplicas() {}

    static ReplicaId mint(int host, RandomGenerator random) {
        UUID random128 = ReplicaId.mint(Instant.now(), random).value();
        return new ReplicaId(
                new UUID(random128.getMostSignificantBits(), random128.getLeastSignificantBits() & -HOSTS | Math.floorMod(host, HOSTS)));
    }

    static int host(ReplicaId id) {
        return (int) (id.value().getLeastSignificantBits() & HOSTS - 1);
    }

    static EntryKey key(ReplicaId id) {
        return new EntryKey(reversed(id.toString()));
    }

    static ReplicaId replica(EntryKey key) {
        return ReplicaId.parse(reversed(key.value()));
    }

    static SnapshotId snapshot(ReplicaId id) {
        return new SnapshotId("image-" + id);
    }

    /** Seconds, 1 to 64. */
    static long cost(ReplicaId id) {
        return 1 + (id.value().getLeastSignificantBits() / HOSTS & 63);
    }

    private static String reversed(String text) {
        return new StringBuilder(text).reverse().toString();
    }
}
