package dev.spillway.worker.app;

import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.service.DependencyUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.NOBODY;
import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker whose store never joined a registry gives up; a worker with something to serve does not. */
@Tag("full")
class StartLimitTest {
    private static final Map<String, String> SHORT = Map.of(
            "startup-timeout",
            "2s",
            "registry-connect-timeout",
            "1s",
            "registry-timeout",
            "1500ms");

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

    private RunningWorker worker(String host, String coordinators) throws Exception {
        Map<String, String> settings = new HashMap<>(SHORT);
        settings.put("host-id", host);
        return new RunningWorker(folder.resolve(host), coordinators, settings);
    }

    /** Waits until a worker gives up that started later than the others, so that their time is over, too. */
    private void awaitOneThatGivesUp() throws Exception {
        try (RunningWorker fresh = worker("fresh", NOBODY)) {
            assertThat(fresh.failed.get()).isInstanceOf(DependencyUnavailableException.class)
                    .hasMessageStartingWith("coordinator at " + NOBODY + ": ")
                    .hasMessageEndingWith(", given up after trying for 2 s");
        }
    }

    @Test
    void aStoreThatNeverJoinedGivesUpAndNamesTheServer() throws Exception {
        awaitOneThatGivesUp();
        try (RunningWorker worker = worker("of-two", NOBODY + ",127.0.0.1:2")) {
            assertThat(worker.failed.get()).hasMessageStartingWith("coordinators at " + NOBODY + ", 127.0.0.1:2: ");
        }
    }

    @Test
    void aStoreThatJoinedBeforeGoesOnServing() throws Exception {
        Path source = Files.createDirectories(folder.resolve("source"));
        try (RunningWorker worker = new RunningWorker(folder.resolve("host-1"), coordinator.address().toString(), Map.of()).joined()) {
            assertThat(worker.store("k", source).status()).isEqualTo(200);
        }
        try (RunningWorker worker = worker("host-1", NOBODY)) {
            awaitOneThatGivesUp();
            assertThat(worker.failed).isNotDone();
            assertThat(worker.get(entry("k")).status()).isEqualTo(200);
        }
    }

    @Test
    void aRefusalIsAnAnswerAndCanBeTakenBack() throws Exception {
        registry.refuseJoin(new JoinAnswer.Refused(JoinAnswer.Reason.RETIRED, "readmit it"));
        try (RunningWorker worker = worker("host-1", coordinator.address().toString())) {
            awaitOneThatGivesUp();
            assertThat(worker.failed).isNotDone();
            assertThat(worker.get("/v1/status").body().path("refusal").asText()).isEqualTo("RETIRED: readmit it");
            registry.refuseJoin(null);
            worker.joined();
        }
    }

    @Test
    void aCoordinatorThatCannotReachItsDatabaseIsNoRegistry() throws Exception {
        coordinator.unavailable.add("join");
        try (RunningWorker worker = worker("host-1", coordinator.address().toString())) {
            assertThat(worker.failed.get()).hasMessageStartingWith("coordinator at " + coordinator.address())
                    .hasMessageContaining("nothing was changed");
        }
    }

    @Test
    void whoeverIsStoppedWhileItWaitsDoesNotFail() throws Exception {
        RunningWorker worker = worker("host-1", NOBODY);
        eventually(() -> worker.get("/v1/status").body().has("unreachable"));
        worker.close();
        awaitOneThatGivesUp();
        assertThat(worker.failed).isNotDone();
    }
}
