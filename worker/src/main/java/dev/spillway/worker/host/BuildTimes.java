package dev.spillway.worker.host;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;

/**
 * Measures how long images take to be made: from the last miss of a key on this host to its put here. A miss that others see while an image is made can only
 * shorten that. In memory only, and bounded: what is forgotten is not measured. Thread-safe.
 */
final class BuildTimes {
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final int KEYS_MAX = 50_000;

    private final Cache<EntryName, Instant> misses = Caffeine.newBuilder().expireAfterWrite(LONGEST).maximumSize(KEYS_MAX).build();

    void missed(EntryName name, Instant at) {
        misses.put(name, at);
    }

    /** Returns a description with the seconds since the miss that led to a put, unless it tells a time itself. */
    Description measured(EntryName name, Description description, Instant now) {
        Instant missed = misses.asMap().remove(name);
        // A clock that was set back has measured nothing.
        return missed == null || !missed.isBefore(now) ? description
                : description.orLabel(Description.REBUILD_SECONDS,
                        BigDecimal.valueOf(Math.max(1, Duration.between(missed, now).toMillis()), 3).toPlainString());
    }
}
