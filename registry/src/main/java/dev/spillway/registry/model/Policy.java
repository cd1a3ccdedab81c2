package dev.spillway.registry.model;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a namespace. Pinned entries are exempt from all of them, except that a single image must fit into {@code maxBytes}.
 *
 * @param maxEntries       1 or more; absent for no bound
 * @param maxBytes         0 or more allocated bytes; absent for no bound
 * @param ttl              time after its put at which an entry is evicted, 1 s to 36,500 days in whole milliseconds; absent for never
 * @param maxIdle          time after its last use at which an entry is evicted, likewise
 * @param lowWatermark     share of the limits, above 0 and at most 1, down to which a put that exceeds one of them evicts
 * @param maxEvictionShare share of the entries that one prune, lowered limit or shortened time may evict without confirmation, above 0 and at most 1
 * @param backend          kind of its images; cannot change while the namespace has entries
 * @param minResidency     time from its last put or get during which no put evicts an entry to make room; absent for none. A put is refused instead.
 * @param writeOnce        whether a key keeps its first content
 * @param evictionPolicy   order in which entries are evicted to make room
 */
@RecordBuilder
public record Policy(
        @Nullable Long maxEntries,
        @Nullable Long maxBytes,
        @Nullable Duration ttl,
        @Nullable Duration maxIdle,
        double lowWatermark,
        double maxEvictionShare,
        Backend backend,
        @Nullable Duration minResidency,
        boolean writeOnce,
        EvictionPolicy evictionPolicy) implements PolicyBuilder.With {
    public static final double DEFAULT_LOW_WATERMARK = 1;
    public static final double DEFAULT_EVICTION_SHARE = 0.5;
    public static final Policy UNLIMITED = new Policy(null, null, DEFAULT_EVICTION_SHARE);

    /** Number of entries below which the share does not apply. */
    public static final int SHARE_JUDGED_FROM = 10;

    private static final Duration TIME_MIN = Duration.ofSeconds(1);
    private static final Duration TIME_MAX = Duration.ofDays(36_500);

    public Policy {
        if (maxEntries != null && maxEntries < 1) {
            throw new InvalidValueException("maxEntries", maxEntries, "1 or more");
        }
        if (maxBytes != null && maxBytes < 0) {
            throw new InvalidValueException("maxBytes", maxBytes, "0 or more");
        }
        ttl = ttl == null ? null : time("ttl", ttl);
        maxIdle = maxIdle == null ? null : time("maxIdle", maxIdle);
        if (!(lowWatermark > 0 && lowWatermark <= 1)) {
            throw new InvalidValueException("lowWatermark", lowWatermark, "above 0, at most 1");
        }
        if (!(maxEvictionShare > 0 && maxEvictionShare <= 1)) {
            throw new InvalidValueException("maxEvictionShare", maxEvictionShare, "above 0, at most 1");
        }
        minResidency = minResidency == null ? null : time("minResidency", minResidency);
        if (backend != Backend.ARTIFACT && minResidency != null) {
            throw new InvalidValueException("minResidency", minResidency, "none, unless the namespace's backend is " + Backend.ARTIFACT);
        }
        if (backend != Backend.ARTIFACT && writeOnce) {
            throw new InvalidValueException("writeOnce", true, "false, unless the namespace's backend is " + Backend.ARTIFACT);
        }
        requireOrderOfUse("maxIdle", maxIdle, evictionPolicy);
        requireOrderOfUse("minResidency", minResidency, evictionPolicy);
    }

    /** Creates limits of a namespace of directories. */
    public Policy(
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration ttl,
            @Nullable Duration maxIdle,
            double lowWatermark,
            double maxEvictionShare) {
        this(maxEntries, maxBytes, ttl, maxIdle, lowWatermark, maxEvictionShare, Backend.DIRECTORY, null, false, EvictionPolicy.LRU);
    }

    /** Creates limits on the number of entries and their bytes alone. */
    public Policy(@Nullable Long maxEntries, @Nullable Long maxBytes, double maxEvictionShare) {
        this(maxEntries, maxBytes, null, null, DEFAULT_LOW_WATERMARK, maxEvictionShare);
    }

    /**
     * Refuses a limit on the time since the last use if the order of eviction is another one. Idle entries could then not be found at its beginning.
     */
    private static void requireOrderOfUse(String name, @Nullable Duration given, EvictionPolicy policy) {
        if (given != null && policy != EvictionPolicy.LRU) {
            throw new InvalidValueException(name, given, "none, unless the namespace's evictionPolicy is " + EvictionPolicy.LRU);
        }
    }

    /** Checks a time by which entries are judged. */
    public static Duration time(String name, Duration given) {
        if (given.compareTo(TIME_MIN) < 0 || given.compareTo(TIME_MAX) > 0) {
            throw new InvalidValueException(name, given, "1 second (PT1S) to " + TIME_MAX.toDays() + " days (P" + TIME_MAX.toDays() + "D)");
        }
        return given.truncatedTo(ChronoUnit.MILLIS);
    }

    /** Returns whether a single image of this size can fit. */
    public boolean fits(long sizeBytes) {
        return maxBytes == null || sizeBytes <= maxBytes;
    }

    /** Returns the time such that entries used after it are within their residency. */
    public Instant residentSince(Instant now) {
        return minResidency == null ? Instant.MAX : now.minus(minResidency);
    }

    /** Returns the fields that workers need. */
    public PolicySet.Entry forWorkers(NamespaceName namespace) {
        return new PolicySet.Entry(
                namespace,
                maxBytes,
                backend,
                minResidency,
                writeOnce,
                evictionPolicy == EvictionPolicy.LRU ? null : evictionPolicy);
    }

    public Bounds limits() {
        return new Bounds(maxEntries, maxBytes);
    }

    /** Returns the limits down to which a put evicts once a limit is exceeded. */
    public Bounds target() {
        return lowWatermark == DEFAULT_LOW_WATERMARK ? limits() : new Bounds(shareOf(maxEntries), shareOf(maxBytes));
    }

    private @Nullable Long shareOf(@Nullable Long limit) {
        // The product is computed in decimal, as the share was written: 0.29 of 100 is 29, although the nearest double is smaller.
        return limit == null ? null
                : BigDecimal.valueOf(lowWatermark).multiply(BigDecimal.valueOf(limit)).setScale(0, RoundingMode.FLOOR).longValueExact();
    }

    /** Returns the number of evictions allowed without confirmation, out of {@code entries}. */
    public long allowedOf(long entries) {
        return entries < SHARE_JUDGED_FROM ? entries : (long) Math.floor(maxEvictionShare * entries);
    }

    /** Returns the cause that ends an entry by time, with or without its group; null if none does. */
    @Nullable
    public EvictionCause endOf(EntryRow entry, Instant now) {
        return endOf(List.of(entry), now);
    }

    /**
     * Returns the cause that ends, by time, entries that go together; null if none does. The TTL is judged by the oldest of them, the idle limit by
     * the one that was used last.
     *
     * @param whole an entry, or the entries of a group in the order of use
     */
    @Nullable
    public EvictionCause endOf(List<EntryRow> whole, Instant now) {
        if (ttl != null && whole.stream().anyMatch(entry -> entry.pin() == null && !entry.createdAt().isAfter(now.minus(ttl)))) {
            return EvictionCause.EXPIRED;
        }
        EntryRow last = whole.getLast();
        return maxIdle != null && last.isInOrder() && !last.lastAccessedAt().isAfter(now.minus(maxIdle)) ? EvictionCause.IDLE : null;
    }
}
