package dev.spillway.worker.host;

import dev.spillway.events.EntryName;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Claims to make an artifact that is missing, so that of many processes of this host one does. A claim is a hint: it is in memory only, and ends with its time
 * when its owner dies. Thread-safe.
 */
final class Claims {
    private static final int MAX = 10_000;

    private final Map<EntryName, Claim> claims = new ConcurrentHashMap<>();

    /** A claim that somebody has. */
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
     * Takes the claim, or waits while somebody else has it.
     *
     * @return its id, or nothing if somebody else had it, who may have ended it meanwhile
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
     * Makes a claim last for so long from now on. A claim that was given back stays ended, also when the extension comes after that.
     *
     * @return its id, or nothing if it is over
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

    /** Ends a claim, if it is that of this id. */
    void giveBack(EntryName name, UUID id) {
        claims.computeIfPresent(name, (key, claim) -> {
            if (claim.id.equals(id)) {
                claim.ended.countDown();
                return null;
            }
            return claim;
        });
    }

    /** Ends whatever claim there is: the artifact is here. */
    void made(EntryName name) {
        Claim claim = claims.remove(name);
        if (claim != null) {
            claim.ended.countDown();
        }
    }
}
