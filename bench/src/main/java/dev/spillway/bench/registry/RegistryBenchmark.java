package dev.spillway.bench.registry;

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
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.events.EvictionPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The registry under puts that all evict, by LRU and by GDSF, and under gets, at three sizes, on the embedded PostgreSQL. The baselines are one
 * transaction per put, one statement per get and the first implementation.
 */
public final class RegistryBenchmark implements Benchmark {
    /** For what ends a run: counting rows, dropping databases, stopping the server. */
    private static final Duration RESERVE = Duration.ofSeconds(45);

    private record Sizes(long small, long middle, long large) {}

    private static Sizes sizes(Effort effort) {
        return effort.quick() ? new Sizes(5_000, 10_000, 20_000) : new Sizes(10_000, 100_000, 1_000_000);
    }

    /** Large enough that neither checkpoints nor reads of one run become another's. */
    static PostgresSettings server(Effort effort) {
        PostgresSettings settings = PostgresSettings.temporary();
        return effort.quick() ? settings
                : settings.withParameter("shared_buffers", "1GB").withParameter("max_wal_size", "8GB");
    }

    @Override
    public String name() {
        return "registry";
    }

    @Override
    public String description() {
        return "puts that all evict, and gets, beside one transaction per put and beside the first implementation";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting PostgreSQL");
        try (PostgresServer server = PostgresServer.start(server(effort))) {
            Machine machine = Machine.read(server.directory());
            Map<String, String> settings = new BenchDatabase(server, "postgres").settings();
            Sizes sizes = sizes(effort);
            List<Check> checks = new ArrayList<>();
            List<Figure> figures = new ArrayList<>();
            Lines lines = measureLines(server, sizes, effort, run, checks, figures, progress);
            LongRun longRun = measureLongRun(server, sizes, effort, checks, progress);
            figures.addAll(longRun.figures());
            progress.step("stopping PostgreSQL");
            return run.report(
                    machine,
                    settings,
                    lines.all().stream().map(Scenario::result).toList(),
                    figures,
                    checks,
                    bars(lines, sizes, longRun));
        }
    }

    private static Lines measureLines(
            PostgresServer server,
            Sizes sizes,
            Effort effort,
            Run run,
            List<Check> checks,
            List<Figure> figures,
            StepListener progress) throws InterruptedException {
        progress.step("filling %,d and four times %,d entries".formatted(sizes.small(), sizes.middle()));
        try (FilledRegistry plain = FilledRegistry.open(server, "plain", sizes.middle());
                FilledRegistry small = FilledRegistry.open(server, "small", sizes.small());
                FilledRegistry middle = FilledRegistry.open(server, "middle", sizes.middle());
                FilledRegistry gdsf = FilledRegistry.open(server, "gdsf", sizes.middle(), EvictionPolicy.GDSF);
                FilledRegistry large = large(server, sizes, progress);
                ServedPuts served = ServedPuts.start(middle)) {
            Path directory = server.directory();
            List<FirstImplementation> first = List.of(
                    new FirstImplementation(directory.resolve("first-small.sqlite"), sizes.small() / 10),
                    new FirstImplementation(directory.resolve("first-middle.sqlite"), sizes.small()),
                    new FirstImplementation(directory.resolve("first-large.sqlite"), sizes.middle()));
            Lines lines = Lines.of(plain, List.of(small, middle, large), gdsf, first, RegistryPuts.by(served, middle));
            double filled = middle.entryBytes();
            takeTurns(lines.all(), effort, run, progress);
            figures.add(
                    new Figure("entries and their indexes on the disk, %,d entries, filled".formatted(sizes.middle()), filled, "bytes"));
            figures.add(
                    new Figure(
                            "the same after %,d puts and touches".formatted(middle.uses() - sizes.middle()),
                            middle.entryBytes(),
                            "bytes"));
            progress.step("counting rows");
            checks.add(plain.check("one transaction per put"));
            for (FilledRegistry stage : List.of(small, middle, large)) {
                checks.add(stage.check("ours, %,d entries".formatted(stage.capacity())));
            }
            checks.add(gdsf.check("ours, GDSF, %,d entries".formatted(gdsf.capacity())));
            return lines;
        }
    }

    private static FilledRegistry large(PostgresServer server, Sizes sizes, StepListener progress) throws InterruptedException {
        progress.step("filling %,d entries".formatted(sizes.large()));
        return FilledRegistry.open(server, "large", sizes.large());
    }

    /** Rounds over all lines; fewer than wanted if the time for all of it would not do. */
    private static void takeTurns(List<Scenario> lines, Effort effort, Run run, StepListener progress) throws InterruptedException {
        Duration end = Effort.TOTAL_MAX.minus(effort.longRun()).minus(RESERVE);
        for (Scenario line : lines) {
            progress.step("warming up: " + line.title());
            line.warm(effort);
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            long roundBegin = System.nanoTime();
            for (Scenario line : lines) {
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), line.title()));
                line.measure(effort);
            }
            Duration took = Duration.ofNanos(System.nanoTime() - roundBegin);
            if (run.took().plus(took).compareTo(end) > 0) {
                return;
            }
        }
    }

    private static LongRun measureLongRun(PostgresServer server, Sizes sizes, Effort effort, List<Check> checks, StepListener progress)
            throws InterruptedException {
        progress.step("filling %,d entries for the long run".formatted(sizes.middle()));
        try (FilledRegistry stage = FilledRegistry.open(server, "long_run", sizes.middle())) {
            LongRun longRun = LongRun.measure(stage, Lines.MANY, effort.warmUp(), effort.longRun(), progress);
            checks.add(stage.check("long run, %,d entries".formatted(stage.capacity())));
            return longRun;
        }
    }

    private static List<Bar> bars(Lines lines, Sizes sizes, LongRun longRun) {
        double transaction = Lines.best(lines.transactions());
        double many = lines.many(sizes.middle()).perSecond();
        return List.of(
                Bar.atLeast("puts, %,d callers, to one transaction per put".formatted(Lines.MANY), many, transaction, 20),
                Bar.atLeast(
                        "puts, %,d callers, to the first implementation at %,d entries".formatted(Lines.MANY, sizes.middle()),
                        many,
                        lines.first().getLast().perSecond(),
                        250),
                Bar.atLeast(
                        "puts, %,d callers, to one transaction per put".formatted(Lines.SOME),
                        lines.some(sizes.middle()).perSecond(),
                        transaction,
                        10),
                Bar.atLeast("puts, a lone caller, to one transaction per put", lines.lone(sizes.middle()).perSecond(), transaction, 0.9),
                Bar.atLeast(
                        "puts at %,d entries, to those at %,d".formatted(sizes.large(), sizes.small()),
                        lines.many(sizes.large()).perSecond(),
                        lines.many(sizes.small()).perSecond(),
                        0.7),
                Bar.atLeast("puts in the last tenth of the long run, to the first", longRun.last(), longRun.first(), 0.8),
                Bar.atLeast(
                        "get with exact touch, to one statement per get",
                        lines.touch().perSecond(),
                        Lines.best(lines.touchStatements()),
                        2),
                Bar.atLeast(
                        "get without touch, to one statement per get",
                        lines.read().perSecond(),
                        Lines.best(lines.readStatements()),
                        10),
                Bar.atMost(
                        "heap after a collection at the end, to that after the first tenth",
                        longRun.heapAtEnd(),
                        longRun.heapAfterFirst(),
                        1.2));
    }
}
