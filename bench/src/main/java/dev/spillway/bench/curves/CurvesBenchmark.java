package dev.spillway.bench.curves;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.BenchDatabase;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Scenario;
import dev.spillway.coordinator.app.AccessLog;
import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.decide.RegistryRules;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Measures hit-rate curves: their error against exact stack distances, their values against reruns through the registry, and their cost for gets. */
public final class CurvesBenchmark implements Benchmark {
    private static final int PARTITIONS = 64;
    private static final int CALLERS = 64;
    private static final int ROUNDS = 5;
    private static final double ERROR_MAX = 0.01;
    private static final double MODEL_BYTES_MAX = 1 << 20;
    private static final double GETS_MIN = 0.97;
    private static final double[] MULTIPLES = {0.5, 2, 4};

    @Override
    public String name() {
        return "curves";
    }

    @Override
    public String description() {
        return "hit-rate curves, beside exact stack distances and reruns at other sizes";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        List<Figure> figures = new ArrayList<>();
        List<Bar> bars = new ArrayList<>();
        errors(effort, progress, figures, bars);
        progress.step("starting PostgreSQL");
        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary())) {
            Machine machine = Machine.read(server.directory());
            BenchDatabase database = BenchDatabase.create(server, "curves");
            List<Scenario> lines;
            try (PostgresRegistry registry = PostgresRegistry.open(
                    PostgresRegistrySettings.of(database.url(), server.user(), server.password(), PARTITIONS),
                    RegistryRules.DEFAULTS,
                    new SecureRandom())) {
                for (EvictionPolicy policy : EvictionPolicy.values()) {
                    reruns(registry, policy, effort, progress, figures, bars);
                }
                lines = gets(registry, effort, progress, bars);
            }
            Map<String, String> settings = new TreeMap<>(database.settings());
            progress.step("stopping PostgreSQL");
            return run.report(
                    machine,
                    settings,
                    lines.stream().map(Scenario::result).toList(),
                    figures,
                    List.<Check>of(),
                    bars);
        }
    }

    private static void errors(Effort effort, StepListener progress, List<Figure> figures, List<Bar> bars) {
        double worst = 0;
        double largest = 0;
        for (Trace trace : Trace.ten(effort.quick() ? 50_000 : 1_000_000)) {
            progress.step("curve of %,d reads: %s".formatted(trace.reads(), trace.name()));
            CurveError error = CurveError.of(trace);
            figures.add(new Figure("mean error over entries, " + trace.name(), error.entries(), ""));
            figures.add(new Figure("mean error over bytes, " + trace.name(), error.bytes(), ""));
            worst = Math.max(worst, Math.max(error.entries(), error.bytes()));
            largest = Math.max(largest, (double) error.modelBytes());
        }
        bars.add(Bar.atMost("mean error of the worst curve of ten", worst, ERROR_MAX));
        bars.add(Bar.atMost("bytes of the largest model", largest, MODEL_BYTES_MAX));
    }

    private static void reruns(
            PostgresRegistry registry,
            EvictionPolicy policy,
            Effort effort,
            StepListener progress,
            List<Figure> figures,
            List<Bar> bars)
            throws InterruptedException {
        int reads = effort.quick() ? 5_000 : 200_000;
        // The trace has more keys than a model samples, and an exponent at which every size matters.
        Trace trace = Trace.ofPopularity(reads, reads / 5, 0.8);
        long present = reads / 50;
        String under = " under " + policy;
        NamespaceName namespace = new NamespaceName("present-" + policy.name().toLowerCase(Locale.ROOT));
        HitRateCurve curve;
        progress.step("reading %,d keys through %,d entries%s".formatted(reads, present, under));
        try (AccessLog log = AccessLog.start(registry.usage())) {
            registry.followAccesses(log);
            figures.add(new Figure("hit rate%s, 1 x".formatted(under), Rerun.hitRate(registry, namespace, policy, trace, present), ""));
            log.store();
            curve = registry.usage().curve(namespace);
            registry.followAccesses(ignored -> {});
        }
        figures.add(new Figure("the same by the curve" + under, curve.byEntries().at(present), ""));
        figures.add(new Figure("share of keys that the curve follows" + under, curve.samplingRate(), ""));
        double worst = 0;
        for (double multiple : MULTIPLES) {
            long size = Math.round((double) present * multiple);
            progress.step("reading %,d keys through %,d entries%s".formatted(reads, size, under));
            double real = Rerun.hitRate(
                    registry,
                    new NamespaceName("rerun-%s-%d".formatted(policy.name().toLowerCase(Locale.ROOT), size)),
                    policy,
                    trace,
                    size);
            double said = curve.byEntries().at(size);
            figures.add(new Figure("hit rate%s, %s x".formatted(under, multiple), real, ""));
            figures.add(new Figure("the same by the curve%s, %s x".formatted(under, multiple), said, ""));
            worst = Math.max(worst, Math.abs(real - said));
        }
        bars.add(Bar.atMost("difference of the curve from a rerun%s at 0.5 x, 2 x and 4 x".formatted(under), worst, ERROR_MAX));
    }

    private static List<Scenario> gets(PostgresRegistry registry, Effort effort, StepListener progress, List<Bar> bars)
            throws InterruptedException {
        int entries = effort.quick() ? 1_000 : 20_000;
        NamespaceName namespace = new NamespaceName("gets");
        List<EntryName> names = IntStream.range(0, entries).mapToObj(key -> Rerun.name(namespace, key)).toList();
        progress.step("putting %,d entries".formatted(entries));
        Rerun.hitRate(registry, namespace, EvictionPolicy.LRU, Trace.ofEach(entries), entries);
        try (AccessLog log = AccessLog.start(registry.usage())) {
            Scenario plain = new Scenario(
                    "gets that nobody follows",
                    "gets",
                    entries,
                    CALLERS,
                    new FollowedGets(registry, names, () -> registry.followAccesses(ignored -> {})));
            Scenario followed = new Scenario(
                    "gets that a curve follows",
                    "gets",
                    entries,
                    CALLERS,
                    new FollowedGets(registry, names, () -> registry.followAccesses(log)));
            plain.warm(effort);
            followed.warm(effort);
            int rounds = effort.quick() ? effort.rounds() : ROUNDS;
            for (int round = 1; round <= rounds; round++) {
                progress.step("round %d of %d: gets".formatted(round, rounds));
                plain.measure(effort);
                followed.measure(effort);
            }
            registry.followAccesses(ignored -> {});
            bars.add(Bar.atLeast("gets while a curve follows them", followed.perSecond(), plain.perSecond(), GETS_MIN));
            return List.of(plain, followed);
        }
    }
}
