package dev.spillway.bench.registry;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.BenchDatabase;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.ClosedLoop;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Sample;
import dev.spillway.embedded.PostgresServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Measures the tables after hours of touches: uses of entries are reported in bulk, as fast as the registry accepts them, without other load. */
public final class TouchesBenchmark implements Benchmark {
    private static final int TENTHS = 10;
    /** Tenths in half a run. Half a run of ten minutes shows what touches add before the server cleans up. */
    private static final int HALF = TENTHS / 2;
    private static final double BOUND = 1.2;

    @Override
    public String name() {
        return "touches";
    }

    @Override
    public String description() {
        return "size of the tables under touches in bulk";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        long entries = effort.quick() ? 5_000 : 100_000;
        progress.step("starting PostgreSQL and filling %,d entries".formatted(entries));
        try (PostgresServer server = PostgresServer.start(RegistryBenchmark.server(effort))) {
            Machine machine = Machine.read(server.directory());
            Map<String, String> settings = new BenchDatabase(server, "postgres").settings();
            try (FilledRegistry stage = FilledRegistry.open(server, "touches", entries)) {
                List<Figure> figures = new ArrayList<>();
                List<TableSize> sizes = measure(stage, effort, figures, progress);
                progress.step("stopping PostgreSQL");
                return run.report(
                        machine,
                        settings,
                        List.of(),
                        figures,
                        List.of(stage.check("%,d entries".formatted(entries))),
                        List.of(
                                Bar.atMost(
                                        "entries and their indexes at the end, to those half-way",
                                        sizes.getLast().total(),
                                        sizes.get(HALF - 1).total(),
                                        BOUND)));
            }
        }
    }

    private static List<TableSize> measure(FilledRegistry stage, Effort effort, List<Figure> figures, StepListener progress)
            throws InterruptedException {
        figures.addAll(TableSize.read(stage).figures("filled"));
        List<TableSize> sizes = new ArrayList<>();
        List<Sample> samples = ClosedLoop.run(
                new BulkTouches(stage),
                FreshReplicas.HOSTS,
                effort.warmUp(),
                effort.longRun().dividedBy(TENTHS),
                TENTHS,
                (tenth, sample) -> {
                    TableSize size = TableSize.read(stage);
                    sizes.add(size);
                    double rate = sample.perSecond() * BulkTouches.ITEMS;
                    progress.step("tenth %d of %d: %,.0f touches/s".formatted(tenth, TENTHS, rate));
                    figures.add(new Figure("touches in tenth " + tenth, rate, "touches/s"));
                    figures.addAll(size.figures("tenth " + tenth));
                });
        figures.add(new Figure("touches in all", samples.stream().mapToDouble(Sample::operations).sum() * BulkTouches.ITEMS, "touches"));
        return sizes;
    }

    /**
     * Bytes of the entries on the disk, dead rows included.
     *
     * @param cleanings how often the server has cleaned the table by itself
     */
    private record TableSize(double rows, double indexes, long cleanings) {
        static TableSize read(FilledRegistry stage) {
            return stage.database()
                    .jdbi()
                    .withHandle(
                            handle -> handle.createQuery("""
                                    SELECT pg_table_size('entries') AS rows, pg_indexes_size('entries') AS indexes,
                                        (SELECT autovacuum_count FROM pg_stat_user_tables WHERE relname = 'entries') AS cleanings""")
                                    .map(
                                            (row, context) -> new TableSize(
                                                    row.getLong("rows"),
                                                    row.getLong("indexes"),
                                                    row.getLong("cleanings")))
                                    .one());
        }

        double total() {
            return rows + indexes;
        }

        List<Figure> figures(String when) {
            return List.of(
                    new Figure("entries, " + when, rows, "bytes"),
                    new Figure("their indexes, " + when, indexes, "bytes"),
                    new Figure("cleanings until " + when, (double) cleanings, ""));
        }
    }
}
