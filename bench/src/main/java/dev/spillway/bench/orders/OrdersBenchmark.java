package dev.spillway.bench.orders;

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
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts what one host reads of the topic of orders, compared with its own orders. Fleets have three sizes, and their hosts hold the same number of
 * replicas, all of which are evicted. The topic has one partition per host, or the default number. Nothing is timed.
 */
public final class OrdersBenchmark implements Benchmark {
    /** Default number of partitions of the topic. */
    private static final int DEFAULT_PARTITIONS = 64;
    private static final double BOUND = 2;

    private record Sizes(List<Integer> hosts, int replicasEach) {}

    private static Sizes sizes(Effort effort) {
        return effort.quick() ? new Sizes(List.of(4, 100), 3) : new Sizes(List.of(10, 100, 1_000), 50);
    }

    @Override
    public String name() {
        return "orders";
    }

    @Override
    public String description() {
        return "orders and bytes that one host reads, beside its own";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting PostgreSQL");
        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary())) {
            Machine machine = Machine.read(server.directory());
            Map<String, String> settings = new BenchDatabase(server, "postgres").settings();
            Sizes sizes = sizes(effort);
            List<Figure> figures = new ArrayList<>();
            List<Check> checks = new ArrayList<>();
            List<Bar> bars = new ArrayList<>();
            for (int hosts : sizes.hosts()) {
                Partitioning own = new Partitioning(hosts, hosts);
                bars.addAll(bars(own, measure(server, own, sizes.replicasEach(), figures, checks, progress)));
                if (hosts != DEFAULT_PARTITIONS) {
                    measure(server, new Partitioning(hosts, DEFAULT_PARTITIONS), sizes.replicasEach(), figures, checks, progress);
                }
            }
            progress.step("stopping PostgreSQL");
            return run.report(
                    machine,
                    settings,
                    List.of(),
                    figures,
                    checks,
                    bars);
        }
    }

    private static List<Reading> measure(
            PostgresServer server,
            Partitioning fleet,
            int replicasEach,
            List<Figure> figures,
            List<Check> checks,
            StepListener progress) throws InterruptedException {
        progress.step("%s, %d replicas each".formatted(fleet, replicasEach));
        List<Reading> readings =
                OrderedFleet.measure(server, fleet, replicasEach)
                        .stream()
                        .sorted(Comparator.comparingDouble(Reading::ordersToOwn))
                        .toList();
        Reading median = readings.get(readings.size() / 2);
        Reading most = readings.getLast();
        figures.add(new Figure(fleet + ": own orders of a host", (double) median.ownOrders(), "orders"));
        figures.add(new Figure(fleet + ": orders that the median host reads", (double) median.orders(), "orders"));
        figures.add(new Figure(fleet + ": orders that the host with most reads", (double) most.orders(), "orders"));
        figures.add(new Figure(fleet + ": bytes of its own", (double) most.ownBytes(), "bytes"));
        figures.add(new Figure(fleet + ": bytes that it reads", (double) most.bytes(), "bytes"));
        checks.add(
                new Check(
                        fleet.toString(),
                        new TreeMap<>(
                                Map.of(
                                        "hosts",
                                        (long) readings.size(),
                                        "orders on the topic",
                                        readings.stream().mapToLong(Reading::ownOrders).sum()))));
        return readings;
    }

    /** Returns the bars for the host with the worst reading. */
    private static List<Bar> bars(Partitioning fleet, List<Reading> readings) {
        Reading orders = readings.stream().max(Comparator.comparingDouble(Reading::ordersToOwn)).orElseThrow();
        Reading bytes = readings.stream().max(Comparator.comparingDouble(Reading::bytesToOwn)).orElseThrow();
        return List.of(
                Bar.atMost(
                        "orders that one host reads, to its own, " + fleet,
                        (double) orders.orders(),
                        (double) orders.ownOrders(),
                        BOUND),
                Bar.atMost("bytes that one host reads, to its own, " + fleet, (double) bytes.bytes(), (double) bytes.ownBytes(), BOUND));
    }
}
