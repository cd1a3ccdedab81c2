package dev.spillway.coordinator.app;

import dev.spillway.coordinator.Await;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A closed coordinator leaves nothing behind. */
@Tag("full")
class CoordinatorCloseTest {
    @TempDir
    static Path directory;

    private static CoordinatorServers servers;

    @BeforeAll
    static void start() {
        servers = new CoordinatorServers(directory);
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    @Test
    void aClosedCoordinatorLeavesNothingRunning() throws Exception {
        Map<String, Long> before = threads();
        try (Coordinator another = servers.coordinator()) {
            assertThat(threads()).isNotEqualTo(before);
            assertThat(new CoordinatorClient(another.address()).request("GET", "/livez", "").statusCode()).isEqualTo(200);
        }
        Await.until("all its threads have ended", () -> threads().equals(before));
    }

    /** Returns the number of threads of each part. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces()
                .keySet()
                .stream()
                .map(Thread::getName)
                .filter(
                        name -> List.of("kafka-watch", "publish-orders", "publish-facts", "take-reports", "upkeep").contains(name)
                                || name.startsWith("kafka-producer-network-thread")
                                || name.startsWith("kafka-admin-client-thread")
                                || name.startsWith("spillway-registry"))
                .collect(Collectors.groupingBy(name -> name, Collectors.counting()));
    }
}
