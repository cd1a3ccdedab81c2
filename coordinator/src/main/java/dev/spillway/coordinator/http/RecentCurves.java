package dev.spillway.coordinator.http;

import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Caches each curve for some seconds, because clients that watch a plan read it repeatedly. Blocks; thread-safe. */
final class RecentCurves {
    private static final Duration KEPT = Duration.ofSeconds(10);

    private final Usage usage;
    private final InstantSource clock;
    private final Map<NamespaceName, Recent> curves = new ConcurrentHashMap<>();

    private record Recent(HitRateCurve curve, Instant until) {}

    RecentCurves(Usage usage, InstantSource clock) {
        this.usage = usage;
        this.clock = clock;
    }

    HitRateCurve curve(NamespaceName namespace) {
        Instant now = clock.instant();
        curves.values().removeIf(recent -> !now.isBefore(recent.until()));
        return curves.computeIfAbsent(namespace, name -> new Recent(usage.curve(name), now.plus(KEPT))).curve();
    }
}
