package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import java.security.SecureRandom;
import java.time.InstantSource;

/**
 * Mints replica ids, each once in the life of the fleet. Thread-safe, because it uses a {@link SecureRandom}. Most other generators may give two
 * threads the same numbers, and then two puts in one millisecond would get one id.
 */
public final class ReplicaIds {
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    public ReplicaIds(InstantSource clock) {
        this.clock = clock;
    }

    public ReplicaId mint() {
        return ReplicaId.mint(clock.instant(), random);
    }
}
