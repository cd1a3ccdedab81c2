package dev.spillway.coordinator.postgres;

import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.Eviction;
import dev.spillway.service.tracing.RequestScope;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Receives each eviction after its commit and before any caller gets an answer. Its methods must return at once, and are called by many threads. */
public interface CommitListener {
    /** A listener that receives nothing. */
    CommitListener NOBODY = new CommitListener() {
        @Override
        public boolean isFollowing() {
            return false;
        }

        @Override
        public void evicted(Eviction eviction, Instant began, @Nullable RequestScope request) {}

        @Override
        public void closed(ClosedReplica replica, Instant began) {}
    };

    /** Returns whether it wants to receive evictions. Called once per transaction. */
    boolean isFollowing();

    /**
     * Receives a committed eviction.
     *
     * @param began   time at which its transaction began
     * @param request the request that caused it; null if there is none
     */
    void evicted(Eviction eviction, Instant began, @Nullable RequestScope request);

    /**
     * Receives a replica whose row was closed: it is confirmed to be absent, or was given up.
     *
     * @param began time at which the transaction that closed it began
     */
    void closed(ClosedReplica replica, Instant began);
}
