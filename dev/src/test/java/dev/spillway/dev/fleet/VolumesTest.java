package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/** A store that was copied with all that is in it, and comes back under the same host id, and one that is missing. */
@Tag("full")
class VolumesTest {

    private static final long PAUSE_NANOS = Duration.ofMillis(2).toNanos();
    private static final Logger LOG = LoggerFactory.getLogger(VolumesTest.class);

    @TempDir
    Path scratch;

    @Test
    void aVolumeRestoredFromABackupNeverServesWhatWasEvictedSince() throws Exception {
        Path tree = RealTrees.find(scratch).getFirst();
        try (FleetProcesses fleet = started(2)) {
            fleet.setNamespace(4);
            for (String key : List.of("old ", "kept ")) {
                for (int host = 1; host <= 2; host++) {
                    fleet.put(host, key + host, tree);
                }
            }
            // One backup is of before a restart, which is another incarnation; the other of the incarnation that runs on.
            fleet.process("host-1").kill();
            copy(fleet.store(1), backup(1));
            fleet.launchWorker(1);
            fleet.awaitWorkerJoined(1);
            signal("STOP", fleet.process("host-2"));
            copy(fleet.store(2), backup(2));
            signal("CONT", fleet.process("host-2"));
            for (int host = 1; host <= 2; host++) {
                fleet.put(host, "new " + host, tree);
            }
            fleet.assertConverged(2, Map.of("kept 1", tree, "kept 2", tree, "new 1", tree, "new 2", tree));

            for (int host = 1; host <= 2; host++) {
                fleet.process("host-" + host).kill();
                Files.move(fleet.store(host), scratch.resolve("lost-" + host));
                Files.move(backup(host), fleet.store(host));
                assertThat(FleetProcesses.names(fleet.store(host).resolve("images"))).hasSize(2);
            }
            try (Readers readers = new Readers(List.of(fleet.workerUrl(1), fleet.workerUrl(2)))) {
                for (int host = 1; host <= 2; host++) {
                    fleet.launchWorker(host);
                }
                for (int host = 1; host <= 2; host++) {
                    fleet.awaitWorkerJoined(host);
                    assertThat(fetch(fleet.workerUrl(host), "kept " + host)).isEqualTo(200);
                }
                // What only the lost volumes held is evicted as lost, what the backups hold too much is ordered away.
                fleet.assertConverged(2, Map.of("kept 1", tree, "kept 2", tree));
                assertThat(readers.served()).isEmpty();
                assertThat(readers.refused()).as("reads that were answered").isPositive();
            }
        }
    }

    @Test
    void ofTwoProcessesWithOneStoreTheEarlierServesNothingUntilTheLaterIsGone() throws Exception {
        Path tree = RealTrees.find(scratch).getFirst();
        try (FleetProcesses fleet = started(1)) {
            fleet.setNamespace(1);
            fleet.put(1, "old 1", tree);
            signal("STOP", fleet.process("host-1"));
            copy(fleet.store(1), backup(1));
            signal("CONT", fleet.process("host-1"));
            int port = Ports.free(1).getFirst();
            String later = "http://127.0.0.1:" + port;
            fleet.launchWorker("copy", 1, backup(1), port);
            fleet.awaitReady("copy");

            Eventually.holds(Eventually.HANG, () -> {
                Http.Answer readiness = Http.get(fleet.workerUrl(1) + "/readyz");
                assertThat(readiness.status()).isEqualTo(503);
                assertThat(readiness.text()).contains("SUPERSEDED", "127.0.0.1:" + port, "stop one of the two");
            });
            assertThat(fetch(fleet.workerUrl(1), "old 1")).as("at the earlier").isEqualTo(503);
            assertThat(fetch(later, "old 1")).as("at the later").isEqualTo(200);
            Http.Answer refused = Http.send("PUT", entry(fleet.workerUrl(1), "new 1"), Map.of("sourceDir", tree.toString()), Map.of());
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.text()).contains("registry-refused", "SUPERSEDED");
            Http.Answer stored = Http.send("PUT", entry(later, "new 1"), Map.of("sourceDir", tree.toString()), Map.of());
            assertThat(stored.status()).as(stored.text()).isEqualTo(200);

            fleet.process("copy").kill();
            try (Readers readers = new Readers(List.of(fleet.workerUrl(1)))) {
                fleet.awaitWorkerJoined(1);
                Eventually.holds(Eventually.HANG, () -> {
                    assertThat(FleetProcesses.names(fleet.store(1).resolve("images"))).isEmpty();
                    assertThat(fleet.entries()).as("only the copy held it").isEmpty();
                });
                assertThat(readers.served()).as("evicted while the later process was the host").isEmpty();
            }
        }
    }

    @Test
    void aMissingVolumeIsShownAtOnceAndNothingIsPutInItsPlace() throws Exception {
        Path tree = RealTrees.find(scratch).getFirst();
        try (FleetProcesses fleet = started(1)) {
            fleet.setNamespace(2);
            fleet.put(1, "kept 1", tree);
            fleet.process("host-1").kill();
            Files.move(fleet.store(1), backup(1));
            fleet.launchWorker(1);

            Eventually.holds(Eventually.HANG, () -> {
                assertThat(Http.get(fleet.coordinatorUrl() + "/v1/refusals").text()).contains("host-1", "NEW_STORE", "mount the volume");
                Http.Answer readiness = Http.get(fleet.workerUrl(1) + "/readyz");
                assertThat(readiness.status()).isEqualTo(503);
                assertThat(readiness.text()).contains("NEW_STORE", "mount the volume");
            });
            Http.Answer refused =
                    Http.send("PUT", entry(fleet.workerUrl(1), "new 1"), Map.of("sourceDir", tree.toString()), Map.of());
            assertThat(refused.status()).as(refused.text()).isEqualTo(503);
            assertThat(refused.text()).contains("registry-refused", "NEW_STORE");
            assertThat(FleetProcesses.names(fleet.store(1).resolve("images"))).isEmpty();
            assertThat(fleet.entries()).extracting(entry -> entry.key().value()).containsExactly("kept 1");

            fleet.process("host-1").kill();
            Files.move(fleet.store(1), scratch.resolve("mount-point"));
            Files.move(backup(1), fleet.store(1));
            fleet.launchWorker(1);
            // The process before it never was ready.
            Eventually.holds(Eventually.HANG, () -> assertThat(Http.get(fleet.workerUrl(1) + "/readyz").status()).isEqualTo(200));
            assertThat(fetch(fleet.workerUrl(1), "kept 1")).isEqualTo(200);
            fleet.put(1, "new 1", tree);
            fleet.assertConverged(1, Map.of("kept 1", tree, "new 1", tree));
        }
    }

    @Test
    void aVolumeThatGoesUnderAWorkerIsRefusedAtOnceAndEndsIt() throws Exception {
        Path tree = RealTrees.find(scratch).getFirst();
        try (FleetProcesses fleet = started(1)) {
            fleet.setNamespace(1);
            fleet.put(1, "kept 1", tree);
            Process worker = fleet.process("host-1").process();
            Files.move(fleet.store(1), backup(1));
            Files.createDirectory(fleet.store(1));
            Eventually.holds(Eventually.HANG, () -> {
                Http.Answer refused =
                        Http.send("PUT", entry(fleet.workerUrl(1), "new 1"), Map.of("sourceDir", tree.toString()), Map.of());
                assertThat(refused.status()).as(refused.text()).isEqualTo(503);
                assertThat(refused.text()).contains("host-stopped", "is not the directory that was opened");
            });
            assertThat(worker.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS)).as("it ends by itself").isTrue();
            assertThat(worker.exitValue()).isOne();
            assertThat(fleet.store(1)).isEmptyDirectory();

            Files.delete(fleet.store(1));
            Files.move(backup(1), fleet.store(1));
            fleet.process("host-1").kill();
            fleet.launchWorker(1);
            fleet.awaitWorkerJoined(1);
            assertThat(fetch(fleet.workerUrl(1), "kept 1")).isEqualTo(200);
        }
    }

    /** Ask for {@code old N} at each worker all the time, also while none is there. */
    private static final class Readers implements AutoCloseable {
        private final AtomicBoolean running = new AtomicBoolean(true);
        private final List<String> served = new ArrayList<>();
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private int refused;

        Readers(List<String> workers) {
            for (String worker : workers) {
                String key = "old " + (workers.indexOf(worker) + 1);
                threads.execute(() -> read(worker, key));
            }
        }

        private void read(String worker, String key) {
            while (running.get()) {
                try {
                    int status = fetch(worker, key);
                    synchronized (this) {
                        if (status == 200) {
                            served.add(key);
                        } else {
                            refused++;
                        }
                    }
                } catch (IOException e) {
                    // No process listens there at the moment, or one ends.
                    LOG.debug("{}: {}", worker, e.toString());
                } catch (InterruptedException e) {
                    return;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }

        synchronized List<String> served() {
            return List.copyOf(served);
        }

        synchronized int refused() {
            return refused;
        }

        @Override
        public void close() {
            running.set(false);
            threads.close();
        }
    }

    private FleetProcesses started(int hosts) throws IOException {
        FleetProcesses fleet = new FleetProcesses(scratch, hosts);
        try {
            fleet.launchCoordinator();
            fleet.awaitReady("coordinator");
            for (int host = 1; host <= hosts; host++) {
                fleet.launchWorker(host);
            }
            for (int host = 1; host <= hosts; host++) {
                fleet.awaitWorkerJoined(host);
            }
            return fleet;
        } catch (IOException | RuntimeException | AssertionError e) {
            fleet.close();
            throw e;
        }
    }

    private Path backup(int host) {
        return scratch.resolve("backup-" + host);
    }

    private static String entry(String worker, String key) {
        return worker + "/v1/directories/" + FleetProcesses.NAMESPACE + "/entries/" + Http.encoded(key);
    }

    private static int fetch(String worker, String key) throws IOException, InterruptedException {
        return Http.get(entry(worker, key)).status();
    }

    private static void copy(Path store, Path to) throws IOException, InterruptedException {
        run("cp", "-a", store.toString(), to.toString());
    }

    private static void signal(String name, SpillwayProcess process) throws IOException, InterruptedException {
        run("kill", "-" + name, Long.toString(process.process().pid()));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
        assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    }
}
