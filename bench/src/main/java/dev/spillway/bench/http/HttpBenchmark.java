package dev.spillway.bench.http;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.BenchDatabase;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Measures the most frequent requests. The baseline of each is a bare vertx-web handler that answers the same bytes on a server of its own. */
public final class HttpBenchmark implements Benchmark {
    private static final int CALLERS = 16;
    private static final double BOUND = 0.75;
    private static final String NAMESPACE = "bench";
    private static final String BODY = "{\"snapshotId\":\"s-%d\",\"sizeBytes\":4096}";

    /** A measured line, with its baseline: the same bytes from the bare handler. */
    private record Pair(String name, boolean barred, Scenario ours, Scenario bare) {}

    @Override
    public String name() {
        return "http";
    }

    @Override
    public String description() {
        return "requests to both services, archives, and the start of commands";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting a fleet of one host");
        try (SmallFleet fleet = SmallFleet.start(); BareServer bare = BareServer.start()) {
            Machine machine = Machine.read(fleet.folder());
            List<Pair> pairs = pairs(fleet, bare);
            for (Pair pair : pairs) {
                progress.step("warming up: " + pair.name());
                pair.ours().warm(effort);
                pair.bare().warm(effort);
            }
            for (int round = 1; round <= effort.rounds(); round++) {
                for (Pair pair : pairs) {
                    progress.step("round %d of %d: %s".formatted(round, effort.rounds(), pair.name()));
                    pair.bare().measure(effort);
                    pair.ours().measure(effort);
                }
            }
            List<Figure> figures = new ArrayList<>(new Archives(fleet, effort).measure(progress));
            List<Bar> bars = new ArrayList<>(
                    pairs.stream()
                            .filter(Pair::barred)
                            .map(
                                    pair -> Bar.atLeast(
                                            pair.name() + ", to the bare handler",
                                            pair.ours().perSecond(),
                                            pair.bare().perSecond(),
                                            BOUND))
                            .toList());
            new CommandStarts(fleet, effort).measure(progress, figures, bars);
            return run.report(
                    machine,
                    new BenchDatabase(fleet.servers().postgres(), "postgres").settings(),
                    pairs.stream().flatMap(pair -> Stream.of(pair.ours().result(), pair.bare().result())).toList(),
                    figures,
                    List.of(),
                    bars);
        } catch (IOException e) {
            throw new BenchmarkFailedException("http: " + e, e);
        }
    }

    private static List<Pair> pairs(SmallFleet fleet, BareServer bare) throws IOException {
        String namespace = "/v1/namespaces/" + NAMESPACE;
        new Exchange(fleet.coordinator(), caller -> () -> Exchange.put(namespace, "{\"maxEntries\":1000}")).once();
        Path tree = Files.createDirectories(fleet.folder().resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
        String directory = "/v1/directories/" + NAMESPACE + "/entries/tree";
        new Exchange(fleet.worker(), caller -> () -> Exchange.put(directory, "{\"sourceDir\":\"" + tree + "\"}")).once();
        String entry = namespace + "/entries/tree";

        List<Pair> pairs = new ArrayList<>();
        pairs.add(read("directory hit", true, fleet.worker(), directory, bare));
        pairs.add(read("/livez", true, fleet.worker(), "/livez", bare));
        pairs.add(read("entry get at the coordinator", false, fleet.coordinator(), entry, bare));

        Exchange put = new Exchange(fleet.coordinator(), caller -> {
            int[] number = {0};
            return () -> Exchange.put(namespace + "/entries/put-" + caller, BODY.formatted(number[0]++));
        });
        String bared = namespace + "/entries/put";
        bare.put(bared, put.once());
        pairs.add(
                new Pair(
                        "JSON put of an entry",
                        false,
                        scenario("JSON put of an entry", "puts", put),
                        scenario(
                                "JSON put of an entry, bare handler",
                                "puts",
                                new Exchange(bare.address(), caller -> () -> Exchange.put(bared, BODY.formatted(caller))))));
        return pairs;
    }

    private static Pair read(String name, boolean barred, String address, String path, BareServer bare) throws IOException {
        Exchange ours = Exchange.get(address, path);
        bare.get(path, ours.once());
        return new Pair(
                name,
                barred,
                scenario(name, "gets", ours),
                scenario(name + ", bare handler", "gets", Exchange.get(bare.address(), path)));
    }

    private static Scenario scenario(String name, String unit, Exchange load) {
        return new Scenario(name, unit, 1, CALLERS, load);
    }
}
