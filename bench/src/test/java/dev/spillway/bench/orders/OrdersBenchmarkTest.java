package dev.spillway.bench.orders;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark with small fleets: its figures are counted, not timed, so they are the same on every machine. */
@Tag("full")
class OrdersBenchmarkTest {
    private static BenchReport report;

    @BeforeAll
    static void measure() throws InterruptedException {
        report = Benchmarks.named("orders").orElseThrow().run(Effort.ofQuick(), step -> {});
    }

    private static Map<String, Double> figures() {
        return report.figures().stream().collect(Collectors.toMap(Figure::name, Figure::value));
    }

    @Test
    void everyOrderIsOnTheTopicOnce() {
        assertThat(report.checks()).extracting(Check::name)
                .containsExactly(
                        "4 hosts, 4 partitions",
                        "4 hosts, 64 partitions",
                        "100 hosts, 100 partitions",
                        "100 hosts, 64 partitions");
        assertThat(report.checks().getFirst().counts()).containsEntry("hosts", 4L).containsEntry("orders on the topic", 12L);
        assertThat(report.checks().getLast().counts()).containsEntry("hosts", 100L).containsEntry("orders on the topic", 300L);
    }

    @Test
    void withAPartitionOfItsOwnAHostReadsNothingOfOthers() {
        assertThat(report.bars()).hasSize(4).allSatisfy(bar -> {
            assertThat(bar.ratio()).isEqualTo(1.0);
            assertThat(bar.held()).isTrue();
        });
        assertThat(report.bars()).extracting(Bar::ours).allSatisfy(read -> assertThat(read).isPositive());
    }

    /** 100 hosts in 64 partitions: 36 of them are shared by two, and none by three. */
    @Test
    void hostsAreSpreadEvenlyOverFewerPartitions() {
        assertThat(figures()).containsEntry("100 hosts, 64 partitions: own orders of a host", 3.0)
                .containsEntry("100 hosts, 64 partitions: orders that the median host reads", 6.0)
                .containsEntry("100 hosts, 64 partitions: orders that the host with most reads", 6.0);
    }
}
