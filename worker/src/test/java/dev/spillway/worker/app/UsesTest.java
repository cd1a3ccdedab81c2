package dev.spillway.worker.app;

import dev.spillway.events.EntryName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Reads on a worker reach its registry, even if one of the two stops or crashes meanwhile. */
@Timeout(180)
class UsesTest {
    private static final EntryName READ = TestRegistry.name("images", "read");

    @TempDir
    private Path folder;
    private TestRegistry registry;
    private TestCoordinator coordinator;

    @BeforeEach
    void start() throws Exception {
        registry = new TestRegistry().namespace("images", 10, null);
        coordinator = new TestCoordinator(registry, 0);
    }

    @AfterEach
    void stop() {
        coordinator.close();
    }

    private RunningWorker worker() throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of());
    }

    private RunningWorker holding() throws Exception {
        RunningWorker worker = worker().joined();
        assertThat(worker.store("read", Files.createDirectories(folder.resolve("source"))).status()).isEqualTo(200);
        return worker;
    }

    @Test
    void whatTheCoordinatorCouldNotTakeIsToldAgain() throws Exception {
        try (RunningWorker worker = holding()) {
            coordinator.unavailable.add("touch");
            assertThat(worker.get(entry("read")).status()).isEqualTo(200);
            eventually(() -> coordinator.refused("touch") > 2);
            assertThat(registry.touched()).isEmpty();
            coordinator.unavailable.clear();
            eventually(() -> registry.touched().contains(READ));
        }
    }

    @Test
    void whatWasCarriedOutAndNotAnsweredIsToldAgain() throws Exception {
        try (RunningWorker worker = holding()) {
            coordinator.answersLost.add("touch");
            assertThat(worker.get(entry("read")).status()).isEqualTo(200);
            eventually(() -> registry.touched().stream().filter(READ::equals).count() > 2);
            coordinator.answersLost.clear();
        }
    }

    @Test
    void theLastReadsAreToldBeforeAnOrderlyStop() throws Exception {
        for (int stop = 1; stop <= 5; stop++) {
            long told = registry.touched().size();
            try (RunningWorker worker = stop == 1 ? holding() : worker().joined()) {
                assertThat(worker.get(entry("read")).status()).isEqualTo(200);
            }
            assertThat(registry.touched().size()).as("stop " + stop).isGreaterThan(Math.toIntExact(told));
        }
    }

    @Test
    void whatAStoppingWorkerCouldNotTellItTellsAtItsNextStart() throws Exception {
        try (RunningWorker worker = holding()) {
            coordinator.unavailable.add("touch");
            assertThat(worker.get(entry("read")).status()).isEqualTo(200);
        }
        assertThat(registry.touched()).isEmpty();
        coordinator.unavailable.clear();
        try (RunningWorker worker = worker().joined()) {
            assertThat(worker.data).exists();
            eventually(() -> registry.touched().contains(READ));
        }
    }
}
