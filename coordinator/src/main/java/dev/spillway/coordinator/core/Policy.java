package dev.spillway.coordinator.core;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a namespace. Pinned entries are under none of them but the size of a single image.
 *
 * @param maxEntries       1 or more; absent for no bound
 * @param maxBytes         0 or more allocated bytes; absent for no bound
 * @param ttl              time from its put after which an entry goes, 1 s to 36,500 days, whole milliseconds; absent for never
 * @param maxIdle          time from its last use after which an entry goes, likewise
 * @param lowWatermark     share of the limits, above 0 and at most 1, down to which a put that exceeds one of them evicts
 * @param maxEvictionShare share of the entries that one prune, lowered limit or shortened time may evict without asking, above 0 and at most 1
 * @param backend          kind of its images; stays as long as the namespace has entries
 * @param minResidency     time from its last put or get during which no put evicts an entry to make room; absent for none. A put is refused instead.
 * @param writeOnce        whether a key keeps its first content
 * @param evictionPolicy   order in which entries go when there is no room
 */
public record Policy(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl, @Nullable Duration maxIdle,
        double lowWatermark, double maxEvictionShare, Backend backend, @Nullable Duration minResidency, boolean writeOnce,
        EvictionPolicy evictionPolicy) {
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

    /** Limits of a namespace of directories. */
    public Policy(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl, @Nullable Duration maxIdle,
            double lowWatermark, double maxEvictionShare) {
        this(maxEntries, maxBytes, ttl, maxIdle, lowWatermark, maxEvictionShare, Backend.DIRECTORY, null, false,
                EvictionPolicy.LRU);
    }

    /** Limits of number and bytes alone. */
    public Policy(@Nullable Long maxEntries, @Nullable Long maxBytes, double maxEvictionShare) {
        this(maxEntries, maxBytes, null, null, DEFAULT_LOW_WATERMARK, maxEvictionShare);
    }

    /** Refuses a time since the last use where the order of eviction is not that of use: it would not tell which entries the time is over for. */
    private static void requireOrderOfUse(String name, @Nullable Duration given, EvictionPolicy policy) {
        if (given != null && policy != EvictionPolicy.LRU) {
            throw new InvalidValueException(name, given, "none, unless the namespace's evictionPolicy is " + EvictionPolicy.LRU);
        }
    }

    /** Checks a time by which entries are judged. */
    static Duration time(String name, Duration given) {
        if (given.compareTo(TIME_MIN) < 0 || given.compareTo(TIME_MAX) > 0) {
            throw new InvalidValueException(name, given, "1 second (PT1S) to " + TIME_MAX.toDays() + " days (P" + TIME_MAX.toDays() + "D)");
        }
        return given.truncatedTo(ChronoUnit.MILLIS);
    }

    /** Returns whether a single image of this size can fit. */
    boolean fits(long sizeBytes) {
        return maxBytes == null || sizeBytes <= maxBytes;
    }

    /** Returns the time after which an entry must have been named to be promised to stay. */
    Instant residentSince(Instant now) {
        return minResidency == null ? Instant.MAX : now.minus(minResidency);
    }

    /** Returns what workers need of it. */
    public PolicySet.Entry forWorkers(NamespaceName namespace) {
        return new PolicySet.Entry(namespace, maxBytes, backend, minResidency, writeOnce,
                evictionPolicy == EvictionPolicy.LRU ? null : evictionPolicy);
    }

    Bounds limits() {
        return new Bounds(maxEntries, maxBytes);
    }

    /** Returns the limits down to which a put evicts once a limit is exceeded. */
    Bounds target() {
        return lowWatermark == DEFAULT_LOW_WATERMARK ? limits() : new Bounds(shareOf(maxEntries), shareOf(maxBytes));
    }

    private @Nullable Long shareOf(@Nullable Long limit) {
        // In decimal, as it was written: 0.29 of 100 is 29, though the nearest double lies below.
        return limit == null ? null
                : BigDecimal.valueOf(lowWatermark).multiply(BigDecimal.valueOf(limit)).setScale(0, RoundingMode.FLOOR).longValueExact();
    }

    /** Returns the number of evictions allowed without confirmation, out of {@code entries}. */
    long allowedOf(long entries) {
        return entries < SHARE_JUDGED_FROM ? entries : (long) Math.floor(maxEvictionShare * entries);
    }

    /** Returns the cause that ends an entry by time, with or without its group; null if none does. */
    @Nullable
    EvictionCause endOf(EntryRow entry, Instant now) {
        return endOf(List.of(entry), now);
    }

    /**
     * Returns the cause that ends entries by time, which go together; null if none does. The oldest of them is judged by its age, and the one that was
     * used last by that.
     *
     * @param whole an entry, or the entries of a group in the order of use
     */
    @Nullable
    EvictionCause endOf(List<EntryRow> whole, Instant now) {
        if (ttl != null && whole.stream().anyMatch(entry -> entry.pin() == null && !entry.createdAt().isAfter(now.minus(ttl)))) {
            return EvictionCause.EXPIRED;
        }
        EntryRow last = whole.getLast();
        return maxIdle != null && last.isInOrder() && !last.lastAccessedAt().isAfter(now.minus(maxIdle)) ? EvictionCause.IDLE : null;
    }
}
