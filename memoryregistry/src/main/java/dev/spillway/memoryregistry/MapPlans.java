package dev.spillway.memoryregistry;

import dev.spillway.events.PlanId;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.store.PlanChanges;
import dev.spillway.registry.store.PlanRows;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Plans in maps. */
final class MapPlans implements PlanRows {
    private final NavigableMap<PlanId, PlanRow> plans = new TreeMap<>();
    private final NavigableMap<PlanId, NavigableMap<Long, PlanVictim>> victims = new TreeMap<>();

    @Override
    public Optional<PlanRow> plan(PlanId id) {
        return Optional.ofNullable(plans.get(id));
    }

    @Override
    public List<PlanVictim> victims(PlanId id, long after, int limit) {
        return behind(id, after).limit(limit).toList();
    }

    /** Returns the plans made before {@code before}, or all if that is null, newest first. */
    Stream<PlanRow> newest(@Nullable PlanId before) {
        return (before == null ? plans : plans.headMap(before, false)).descendingMap().values().stream();
    }

    Stream<PlanVictim> behind(PlanId id, long after) {
        return victims.getOrDefault(id, new TreeMap<>()).tailMap(after, false).values().stream();
    }

    void apply(PlanChanges changes) {
        plans.putAll(changes.plans());
        changes.chosen().forEach(this::put);
        changes.settled().forEach(this::put);
    }

    void goBackTo(MapPlans others) {
        plans.clear();
        victims.clear();
        plans.putAll(others.plans);
        others.victims.forEach((id, rows) -> victims.put(id, new TreeMap<>(rows)));
    }

    private void put(PlanId id, List<PlanVictim> rows) {
        NavigableMap<Long, PlanVictim> all = victims.computeIfAbsent(id, ignored -> new TreeMap<>());
        rows.forEach(row -> all.put(row.number(), row));
    }
}
