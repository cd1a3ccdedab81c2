package dev.spillway.bench.artifacts;

import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Result;
import dev.spillway.bench.measure.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Puts, flushes and hits on disk, each beside RocksDB and plain files. */
final class DiskLines {
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 64 << 10;
    private static final int WAITERS = 64;
    private static final int SYNCS_MAX = 2;

    /** The same line of each store. */
    private record Group(String name, Map<DurableStore.Kind, Scenario> lines) {}

    private final Path folder;
    private final Effort effort;
    private final List<Group> groups = new ArrayList<>();
    private final List<DurableStore> flushed = new ArrayList<>();
    private final List<Flushes> counted = new ArrayList<>();

    DiskLines(Path folder, Effort effort) {
        this.folder = folder;
        this.effort = effort;
    }

    List<Result> measure(StepListener progress, List<Check> checks, List<Bar> bars) throws Exception {
        Group puts = puts(SMALL);
        puts(LARGE);
        hits(SMALL, effort.quick() ? 256 : 16_384, progress);
        hits(LARGE, effort.quick() ? 64 : 4_096, progress);
        try {
            flushes(1);
            Flushes waiters = flushes(WAITERS);
            takeTurns(progress);
            bars.add(
                    Bar.atLeast(
                            "put of 4 KiB, to RocksDB",
                            perSecond(puts, DurableStore.Kind.SPILLWAY),
                            perSecond(puts, DurableStore.Kind.ROCKSDB),
                            1));
            bars.add(Bar.atMost("syncs of a round of %d flushes".formatted(WAITERS), (double) waiters.syncsMost(), SYNCS_MAX));
            checks.add(
                    new Check(
                            "most syncs of one round of flushes",
                            new TreeMap<>(Map.of("1 waiter", counted.getFirst().syncsMost(), WAITERS + " waiters", waiters.syncsMost()))));
        } finally {
            for (DurableStore store : flushed) {
                store.close();
            }
        }
        return groups.stream().flatMap(group -> group.lines().values().stream()).map(Scenario::result).toList();
    }

    private static double perSecond(Group group, DurableStore.Kind kind) {
        return Objects.requireNonNull(group.lines().get(kind)).perSecond();
    }

    private Path directory(String name, DurableStore.Kind kind) {
        return folder.resolve(name + "-" + kind.name().toLowerCase(Locale.ROOT));
    }

    private Group group(String name) {
        Group group = new Group(name, new EnumMap<>(DurableStore.Kind.class));
        groups.add(group);
        return group;
    }

    private static String size(int bytes) {
        return (bytes >> 10) + " KiB";
    }

    private Group puts(int bytes) {
        Group group = group("put of " + size(bytes));
        for (DurableStore.Kind kind : DurableStore.Kind.values()) {
            group.lines()
                    .put(
                            kind,
                            new Scenario(
                                    group.name() + kind.suffix(),
                                    "puts",
                                    0,
                                    1,
                                    new PutLoad(kind, directory("puts-" + bytes, kind), bytes)));
        }
        return group;
    }

    private void hits(int bytes, int artifacts, StepListener progress) throws IOException, InterruptedException {
        Group warm = group("warm hit of " + size(bytes));
        Map<DurableStore.Kind, Scenario> cold = new EnumMap<>(DurableStore.Kind.class);
        for (DurableStore.Kind kind : DurableStore.Kind.values()) {
            progress.step("filling: %,d artifacts of %s%s".formatted(artifacts, size(bytes), kind.suffix()));
            Path directory = directory("hits-" + bytes, kind);
            Hits hits = Hits.warm(kind, directory, artifacts, bytes);
            hits.fill();
            warm.lines().put(kind, new Scenario(warm.name() + kind.suffix(), "hits", artifacts, 1, hits));
            cold.put(
                    kind,
                    new Scenario(
                            "cold hit of " + size(bytes) + kind.suffix(),
                            "hits",
                            artifacts,
                            1,
                            Hits.cold(kind, directory, artifacts, bytes)));
        }
        if (PageCache.canDrop(folder)) {
            groups.add(new Group("cold hit of " + size(bytes), cold));
        } else {
            progress.step("cold hits are not measured: %s has no files that can be dropped from memory".formatted(folder));
        }
    }

    private Flushes flushes(int waiters) throws Exception {
        Group group = group("round of %d put%s of 4 KiB and as many flushes".formatted(waiters, waiters == 1 ? "" : "s"));
        for (DurableStore.Kind kind : DurableStore.Kind.values()) {
            DurableStore store = kind.open(directory("flushes-" + waiters, kind));
            flushed.add(store);
            Flushes load = new Flushes(store, waiters, SMALL);
            if (kind == DurableStore.Kind.SPILLWAY) {
                counted.add(load);
            }
            group.lines().put(kind, new Scenario(group.name() + kind.suffix(), "rounds", 0, 1, load));
        }
        return counted.getLast();
    }

    private void takeTurns(StepListener progress) throws InterruptedException {
        for (Group group : groups) {
            progress.step("warming up: " + group.name());
            for (Scenario line : group.lines().values()) {
                line.warm(effort);
            }
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Group group : groups) {
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), group.name()));
                for (Scenario line : group.lines().values()) {
                    line.measure(effort);
                }
            }
        }
    }
}
