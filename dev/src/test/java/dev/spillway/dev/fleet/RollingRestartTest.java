package dev.spillway.dev.fleet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two coordinators and three workers are restarted one after the other, again and again, under clients that go on. One that is stopped finishes what it
 * took; its clients ask another one, or the same one again. {@code -Dspillway.minutes=10} goes on for so long; by default each is restarted once.
 */
@Tag("full")
class RollingRestartTest {
    private static final int HOSTS = 3;
    private static final long SEED = 20_261_129;
    private static final List<String> PROCESSES = List.of("coordinator", "coordinator-2", "host-1", "host-2", "host-3");

    @TempDir
    Path scratch;

    private final ChaosClient.Told told = new ChaosClient.Told();
    private volatile boolean over;

    @Test
    @Timeout(value = 40, unit = TimeUnit.MINUTES)
    void noRequestThatWasAnsweredIsLost() throws Exception {
        ServersApart servers = new ServersApart(scratch);
        try (FleetProcesses fleet = new FleetProcesses(scratch, HOSTS, 2, servers.addresses(), servers::close, Map.of());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                run(fleet, threads);
            } catch (Exception | AssertionError e) {
                System.out.println(fleet.logs());
                throw e;
            } finally {
                over = true;
            }
        }
    }

    private void run(FleetProcesses fleet, ExecutorService threads) throws Exception {
        for (String name : PROCESSES) {
            fleet.launch(name);
        }
        fleet.awaitAllReady();
        fleet.setNamespace(ChaosClient.OUTSIDE, 2);
        fleet.setNamespace(FleetProcesses.NAMESPACE, 7);
        List<Future<Void>> clients = new ArrayList<>();
        for (int host = 1; host <= HOSTS; host++) {
            clients.add(threads.submit(
                    untilOver(new ChaosClient(fleet, host, HOSTS, ChaosClient.trees(scratch, host), told, List::of, SEED + host))));
        }
        int restarts = 0;
        long until = System.nanoTime() + Duration.ofMinutes(Integer.getInteger("spillway.minutes", 0)).toNanos();
        do {
            for (String name : PROCESSES) {
                assertThat(fleet.process(name).stop(Eventually.HANG)).as("exit code of %s", name).isZero();
                fleet.launch(name);
                fleet.awaitAllReady();
                restarts++;
                assertThat(clients).as("clients that ended").noneMatch(Future::isDone);
            }
        } while (System.nanoTime() < until);
        over = true;
        for (Future<Void> client : clients) {
            client.get(Eventually.HANG.toSeconds(), TimeUnit.SECONDS);
        }
        told.confirmed(fleet.evictions("closed"));
        fleet.assertConverged(HOSTS, told.sources());
        fleet.assertFactsTold();
        told.assertTrue(fleet, HOSTS);
        System.out.printf("%d restarts; requests: %s; %d puts stored, %d reads under holds, %d deletions, %d evictions%n", restarts,
                told.attempts(), told.stored().size(), told.reads(), told.deletions(), fleet.evictions("closed").size());
    }

    private Callable<Void> untilOver(ChaosClient client) {
        return () -> {
            while (!over) {
                client.act();
            }
            return null;
        };
    }
}
