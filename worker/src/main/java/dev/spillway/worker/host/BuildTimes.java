package dev.spillway.worker.host;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long it takes to make images: from the last miss of a key on this host to its put here. Another miss of the key meanwhile makes the
 * measured time too short, never too long. A put without a miss before it, such as a repeated one, gets the time of the put before. Times are kept in
 * memory only, and for a bounded number of keys. Thread-safe.
 */
public final class BuildTimes {
    private static final Duration KEPT = Duration.ofHours(24);
    private static final int KEYS_MAX = 50_000;

    private final LongSupplier nanos;
    private final Cache<EntryName, Times> times = Caffeine.newBuilder().expireAfterWrite(KEPT).maximumSize(KEYS_MAX).build();

    /**
     * The times of a key.
     *
     * @param missed time of the last miss, in nanoseconds; absent if it was put since
     * @param taken  the seconds that its last put took; absent if that is not known
     */
    private record Times(@Nullable Long missed, @Nullable String taken) {
        Times putAt(long now) {
            return missed == null ? this
                    : new Times(null, BigDecimal.valueOf(Math.max(1, Duration.ofNanos(now - missed).toMillis()), 3).toPlainString());
        }
    }

    /** @param nanos a monotonic clock */
    public BuildTimes(LongSupplier nanos) {
        this.nanos = nanos;
    }

    public void missed(EntryName name) {
        long now = nanos.getAsLong();
        times.asMap().compute(name, (key, before) -> new Times(now, before == null ? null : before.taken()));
    }

    /** Forgets the miss of a key, because this host got a copy of an image that was made elsewhere. */
    public void copied(EntryName name) {
        times.asMap().computeIfPresent(name, (key, before) -> new Times(null, before.taken()));
    }

    /** Returns the description of a put with the measured time as a label, unless the description has that label. */
    public Description measured(EntryName name, Description description) {
        long now = nanos.getAsLong();
        Times known = times.asMap().computeIfPresent(name, (key, before) -> before.putAt(now));
        String taken = known == null ? null : known.taken();
        return taken == null ? description : description.orLabel(Description.REBUILD_SECONDS, taken);
    }
}
