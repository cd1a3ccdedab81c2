package dev.spillway.bench;

import dev.spillway.bench.artifacts.ArtifactsBenchmark;
import dev.spillway.bench.curves.CurvesBenchmark;
import dev.spillway.bench.directories.DirectoriesBenchmark;
import dev.spillway.bench.directories.PeersBenchmark;
import dev.spillway.bench.http.ArtifactsHttpBenchmark;
import dev.spillway.bench.http.HttpBenchmark;
import dev.spillway.bench.http.SecurityBenchmark;
import dev.spillway.bench.inventory.InventoryBenchmark;
import dev.spillway.bench.orders.OrdersBenchmark;
import dev.spillway.bench.pager.PagerBenchmark;
import dev.spillway.bench.registry.RegistryBenchmark;
import dev.spillway.bench.registry.TouchesBenchmark;
import dev.spillway.bench.unlink.UnlinkBenchmark;
import java.util.List;
import java.util.Optional;

/** All benchmarks. */
public final class Benchmarks {
    private static final List<Benchmark> ALL =
            List.of(
                    new RegistryBenchmark(),
                    new TouchesBenchmark(),
                    new OrdersBenchmark(),
                    new UnlinkBenchmark(),
                    new DirectoriesBenchmark(),
                    new PeersBenchmark(),
                    new HttpBenchmark(),
                    new ArtifactsBenchmark(),
                    new ArtifactsHttpBenchmark(),
                    new InventoryBenchmark(),
                    new PagerBenchmark(),
                    new CurvesBenchmark(),
                    new SecurityBenchmark());

    private Benchmarks() {}

    public static List<Benchmark> all() {
        return ALL;
    }

    public static Optional<Benchmark> named(String name) {
        return ALL.stream().filter(benchmark -> benchmark.name().equals(name)).findFirst();
    }
}
