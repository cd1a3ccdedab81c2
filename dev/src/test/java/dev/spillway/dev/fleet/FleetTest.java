package dev.spillway.dev.fleet;

import dev.spillway.api.body.Evictions;
import dev.spillway.events.EvictionCause;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Real directories put on three hosts are evicted from all of them. */
@Tag("full")
class FleetTest {
    private static final int HOSTS = 3;
    private static final int CAPACITY = 10;
    private static final int PUTS = 30;

    @TempDir
    Path scratch;

    @Test
    void everyDiskHoldsExactlyWhatTheRegistryKeeps() throws IOException, InterruptedException {
        List<Path> trees = RealTrees.find(scratch);
        Map<String, Path> sources = new HashMap<>();
        try (FleetProcesses fleet = new FleetProcesses(scratch, HOSTS)) {
            startAll(fleet);
            fleet.setNamespace(CAPACITY);

            for (int number = 1; number <= PUTS; number++) {
                // Every fifth replaces the one before it; keys are opaque, so these look like paths and worse.
                String key = number % 5 == 0 ? key(number - 1) : key(number);
                Path tree = trees.get(number % trees.size());
                FleetProcesses.Put stored = fleet.put(1 + number % HOSTS, key, tree);
                sources.put(key, tree);
                assertThat(stored.json().get("evicted").size()).as(stored.text()).isLessThanOrEqualTo(1);
                if (number % 3 == 0) {
                    FleetProcesses.Put attached =
                            fleet.put(1 + (number + 1) % HOSTS, key, tree, Map.of("generation", stored.generation()));
                    assertThat(attached.status()).as(attached.text()).isEqualTo(200);
                    assertThat(attached.generation()).isEqualTo(stored.generation());
                }
            }

            fleet.assertConverged(HOSTS, sources);
            assertThat(fleet.entries()).hasSize(CAPACITY);
            Map<EvictionCause, Long> causes =
                    fleet.evictions("closed").stream().collect(Collectors.groupingBy(Evictions.Eviction::cause, Collectors.counting()));
            assertThat(causes).isEqualTo(Map.of(EvictionCause.REPLACED, 6L, EvictionCause.CAPACITY, (long) PUTS - CAPACITY - 6));
            fleet.assertFactsTold();

            for (String name : List.of("host-1", "host-2", "host-3", "coordinator")) {
                assertThat(fleet.process(name).stop(Eventually.HANG)).as(name + ": " + fleet.process(name).text()).isZero();
            }
        }
    }

    @Test
    void crashesAndAbsencesLeadToTheSameState() throws Exception {
        List<Path> trees = RealTrees.find(scratch);
        Map<String, Path> sources = new HashMap<>();
        try (FleetProcesses fleet = new FleetProcesses(scratch, HOSTS); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            startAll(fleet);
            fleet.setNamespace(CAPACITY);
            for (int number = 1; number <= 5; number++) {
                String key = "early " + number;
                long generation = fleet.put(1, key, trees.get(number)).generation();
                assertThat(fleet.put(3, key, trees.get(number), Map.of("generation", generation)).status()).isEqualTo(200);
                sources.put(key, trees.get(number));
            }
            assertThat(FleetProcesses.names(fleet.store(3).resolve("images"))).hasSize(5);
            // One host is away while all that it holds is evicted.
            assertThat(fleet.process("host-3").stop(Eventually.HANG)).isZero();

            for (int number = 1; number <= PUTS; number++) {
                String key = key(number);
                Path tree = trees.get(number % trees.size());
                int host = 1 + number % 2;
                int current = number;
                CompletableFuture<FleetProcesses.Put> put = CompletableFuture.supplyAsync(() -> fleet.put(host, key, tree), threads);
                sources.put(key, tree);
                switch (current) {
                    case 11 -> {
                        fleet.process("host-2").kill();
                        fleet.launchWorker(2);
                    }
                    case 20 -> {
                        fleet.process("coordinator").kill();
                        fleet.launchCoordinator();
                    }
                    default -> {}
                }
                assertThat(put.join().status()).isEqualTo(200);
            }
            assertThat(fleet.evictions("open")).as("what the absent host still holds").isNotEmpty();
            fleet.launchWorker(3);
            fleet.awaitWorkerJoined(3);

            fleet.assertConverged(HOSTS, sources);
            assertThat(fleet.entries()).hasSize(CAPACITY);
            assertThat(FleetProcesses.names(fleet.store(3).resolve("images"))).isEmpty();
            fleet.assertFactsTold();
        }
    }

    private static void startAll(FleetProcesses fleet) throws IOException {
        fleet.launchCoordinator();
        for (int host = 1; host <= HOSTS; host++) {
            fleet.launchWorker(host);
        }
        fleet.awaitReady("coordinator");
        for (int host = 1; host <= HOSTS; host++) {
            fleet.awaitWorkerJoined(host);
        }
    }

    private static String key(int number) {
        return switch (number % 4) {
            case 0 -> "images/../" + number;
            case 1 -> "tree:" + number + "?a=b&c#d%2F";
            case 2 -> "größe " + number + " 木";
            default -> "layer_" + number;
        };
    }
}
