package dev.spillway.bench.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.bench.Benchmark;
import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Result;
import dev.spillway.events.codec.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

/** The whole benchmark, small and short: what it prints and what it counts, never how fast anything was. */
@Tag("full")
class RegistryBenchmarkTest {
    private static BenchReport report;
    private static final List<String> STEPS = new ArrayList<>();

    @BeforeAll
    static void measure() throws InterruptedException {
        Benchmark benchmark = Benchmarks.named("registry").orElseThrow();
        report = benchmark.run(Effort.ofQuick(), STEPS::add);
    }

    @Test
    void theServerIsDurable() {
        assertThat(report.settings()).containsEntry("fsync", "on")
                .containsEntry("full_page_writes", "on")
                .containsEntry("synchronous_commit", "on")
                .containsKeys("server_version", "shared_buffers", "max_wal_size", "wal_compression");
        assertThat(report.machine().cores()).isPositive();
        assertThat(report.machine().fileSystem()).isNotEqualTo("unknown");
    }

    @Test
    void everyLineWasMeasured() {
        assertThat(report.results()).extracting(result -> result.name() + " " + result.entries() + " " + result.callers())
                .containsExactly(
                        "one transaction per put 10000 1",
                        "one transaction per put 10000 8",
                        "one transaction per put 10000 16",
                        "first implementation 500 1",
                        "first implementation 5000 1",
                        "first implementation 10000 1",
                        "registry 5000 1",
                        "registry 5000 64",
                        "registry 5000 1024",
                        "registry 10000 1",
                        "registry 10000 64",
                        "registry 10000 1024",
                        "registry 20000 1",
                        "registry 20000 64",
                        "registry 20000 1024",
                        "registry, GDSF 10000 1024",
                        "registry over HTTP 10000 64",
                        "one statement per get, touching 10000 1",
                        "one statement per get, touching 10000 8",
                        "one statement per get, touching 10000 16",
                        "registry, touching 10000 1024",
                        "one statement per get, untouched 10000 1",
                        "one statement per get, untouched 10000 8",
                        "one statement per get, untouched 10000 16",
                        "registry, untouched 10000 1024");
        assertThat(report.results()).allSatisfy(result -> {
            assertThat(result.operations()).as(result.name()).isPositive();
            assertThat(result.rounds()).hasSize(1);
            assertThat(result.p50Micros()).isLessThanOrEqualTo(result.p999Micros());
        });
    }

    @Test
    void everyPutLeftItsRows() {
        assertThat(report.checks()).extracting(Check::name)
                .containsExactly(
                        "one transaction per put",
                        "ours, 5,000 entries",
                        "ours, 10,000 entries",
                        "ours, 20,000 entries",
                        "ours, GDSF, 10,000 entries",
                        "long run, 10,000 entries");
        for (Check check : report.checks().subList(0, 5)) {
            long puts = check.counts().getOrDefault("evictions, new", 0L);
            assertThat(check.counts()).as(check.name())
                    .containsEntry("replica_ids, new", puts)
                    .containsEntry("replicas, new", puts)
                    .containsEntry("replicas, doomed, new", puts)
                    .containsEntry("open_orders, new", puts)
                    .containsEntry("activity, new", puts)
                    .hasSize(7);
        }
        long measured = report.results()
                .stream()
                .filter(result -> result.name().equals("registry") && result.entries() == 5_000)
                .mapToLong(Result::operations)
                .sum();
        assertThat(report.checks().get(1).counts()).containsEntry("entries", 5_000L)
                .hasEntrySatisfying("evictions, new", puts -> assertThat(puts).isGreaterThanOrEqualTo(measured));
    }

    @Test
    void inTheLongRunEveryEvictionWasConfirmed() {
        Check check = report.checks().getLast();
        long puts = check.counts().getOrDefault("evictions, new", 0L);
        assertThat(check.counts()).containsEntry("replica_history, new", puts)
                .containsEntry("activity, new", 2 * puts)
                .containsEntry("entries", 10_000L)
                .doesNotContainKeys("replicas, new", "replicas, doomed, new");
        assertThat(report.figures()).hasSize(LongRun.TENTHS + 6);
    }

    @Test
    void everyBarIsJudgedByItsRatio() {
        assertThat(report.bars()).extracting(Bar::bound).containsExactly(20.0, 250.0, 10.0, 0.9, 0.7, 0.8, 2.0, 10.0, 1.2);
        assertThat(report.bars()).allSatisfy(bar -> {
            assertThat(bar.baseline()).isNotNull().isEqualTo(bar.ours() / bar.ratio(), offset(1e-6 * bar.ours()));
            assertThat(bar.held()).isEqualTo(bar.name().endsWith("at most") ? bar.ratio() <= bar.bound() : bar.ratio() >= bar.bound());
        });
    }

    @Test
    void theJsonEndsInTheBars() throws Exception {
        ObjectMapper json = Json.strict();
        JsonNode printed = json.readTree(json.writeValueAsString(report));
        List<String> names = new ArrayList<>();
        printed.fieldNames().forEachRemaining(names::add);
        assertThat(names.getLast()).isEqualTo("bars");
        List<String> ofBar = new ArrayList<>();
        printed.get("bars").get(0).fieldNames().forEachRemaining(ofBar::add);
        assertThat(ofBar).containsExactly("name", "ours", "baseline", "ratio", "bound", "held");
    }
}
