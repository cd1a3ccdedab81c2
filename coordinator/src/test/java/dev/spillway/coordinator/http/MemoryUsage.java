package dev.spillway.coordinator.http;

import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.curve.UseModel;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.RegistryUnavailableException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps accesses to namespaces in memory, where each store is an interval of its own. Not thread-safe. */
final class MemoryUsage implements UsageStore {
    private static final long PRESENT = 100;

    private final Map<NamespaceName, UseModel> models = new HashMap<>();
    private final Map<NamespaceName, List<Interval>> intervals = new HashMap<>();
    private boolean isLost;

    @Override
    public Map<NamespaceName, Long> store(Map<NamespaceName, SampledAccesses> seen) {
        seen.forEach((namespace, accesses) -> {
            models.computeIfAbsent(namespace, ignored -> UseModel.empty()).take(List.of(accesses), PRESENT);
            intervals.computeIfAbsent(namespace, ignored -> new ArrayList<>())
                    .add(new Interval(ServedRegistry.START, accesses.hits(), accesses.misses(), PRESENT, PRESENT));
        });
        return Map.of();
    }

    /** From now on its curves cannot be read. */
    void loseCurves() {
        isLost = true;
    }

    @Override
    public HitRateCurve curve(NamespaceName namespace) {
        if (isLost) {
            throw new RegistryUnavailableException("usage: lost", null);
        }
        return models.getOrDefault(namespace, UseModel.empty()).curve();
    }

    @Override
    public List<Interval> history(NamespaceName namespace, Instant since) {
        return intervals.getOrDefault(namespace, List.of()).stream().filter(interval -> !interval.beganAt().isBefore(since)).toList();
    }
}
