package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.ClosedReplica;
import dev.spillway.coordinator.core.Eviction;
import dev.spillway.service.tracing.RequestScope;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Is told of single evictions once they are committed, before anyone is answered. Its methods must return at once, and are called by many threads. */
public interface EvictionFollower {
    /** Wants to be told nothing. */
    EvictionFollower NOBODY = new EvictionFollower() {
        @Override
        public boolean isFollowing() {
            return false;
        }

        @Override
        public void evicted(Eviction eviction, Instant began, @Nullable RequestScope request) {}

        @Override
        public void closed(ClosedReplica replica, Instant began) {}
    };

    /** Returns whether it wants to be told. It is asked once for each transaction. */
    boolean isFollowing();

    /**
     * Takes a committed eviction.
     *
     * @param began   time at which its transaction began
     * @param request the request that caused it; null for none
     */
    void evicted(Eviction eviction, Instant began, @Nullable RequestScope request);

    /**
     * Takes a replica that is confirmed to be gone, or given up.
     *
     * @param began time at which the transaction began that closed it
     */
    void closed(ClosedReplica replica, Instant began);
}
