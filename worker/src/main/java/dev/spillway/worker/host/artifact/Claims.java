package dev.spillway.worker.host.artifact;

import dev.spillway.events.EntryName;
import dev.spillway.worker.host.HostBusyException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Claims on the making of missing artifacts, so that only one of many processes on this host makes each. A claim is advisory: it is in memory only,
 * and it expires if its owner dies. Thread-safe.
 */
final class Claims {
    private static final int MAX = 10_000;

    private final Map<EntryName, Claim> claims = new ConcurrentHashMap<>();

    /** A claim that a process has. */
    private static final class Claim {
        private final UUID id = UUID.randomUUID();
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile long until;

        Claim(Duration heldFor) {
            this.until = System.nanoTime() + heldFor.toNanos();
        }

        void extend(Duration heldFor) {
            until = System.nanoTime() + heldFor.toNanos();
        }

        long nanosLeft() {
            return until - System.nanoTime();
        }
    }

    /**
     * Takes the claim, or waits while another process has it.
     *
     * @return the id of the claim; empty if another process had it, also if that one has ended it meanwhile
     */
    Optional<UUID> take(EntryName name, Duration waitFor, Duration heldFor) throws HostBusyException, InterruptedException {
        if (claims.size() >= MAX) {
            claims.values().removeIf(claim -> claim.nanosLeft() <= 0);
            if (claims.size() >= MAX) {
                throw new HostBusyException(MAX + " artifacts are claimed already");
            }
        }
        Claim own = new Claim(heldFor);
        Claim current = claims.compute(name, (key, other) -> other == null || other.nanosLeft() <= 0 ? own : other);
        if (current.equals(own)) {
            return Optional.of(own.id);
        }
        var _ = current.ended.await(Math.min(waitFor.toNanos(), current.nanosLeft()), TimeUnit.NANOSECONDS);
        return Optional.empty();
    }

    /**
     * Makes a claim last for so long from now on. An extension does not bring back a claim that has ended.
     *
     * @return the id of the claim; empty if it has ended
     */
    Optional<UUID> extend(EntryName name, UUID id, Duration heldFor) {
        Claim claim = claims.computeIfPresent(name, (key, current) -> {
            if (current.id.equals(id)) {
                current.extend(heldFor);
            }
            return current;
        });
        return Optional.ofNullable(claim).map(current -> current.id).filter(id::equals);
    }

    /** Ends the claim on an artifact, if it has this id. */
    void giveBack(EntryName name, UUID id) {
        claims.computeIfPresent(name, (key, claim) -> {
            if (claim.id.equals(id)) {
                claim.ended.countDown();
                return null;
            }
            return claim;
        });
    }

    /** Ends any claim on an artifact, because the artifact is here. */
    void made(EntryName name) {
        Claim claim = claims.remove(name);
        if (claim != null) {
            claim.ended.countDown();
        }
    }
}
