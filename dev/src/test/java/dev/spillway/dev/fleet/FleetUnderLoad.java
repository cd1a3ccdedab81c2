package dev.spillway.dev.fleet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** Two coordinators and three workers, with a client at each host that goes on until it is told to stop. Then all is compared with what it was told. */
final class FleetUnderLoad implements AutoCloseable {
    static final int HOSTS = 3;
    static final List<String> PROCESSES = List.of("coordinator", "coordinator-2", "host-1", "host-2", "host-3");

    private final FleetProcesses fleet;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<Void>> clients = new ArrayList<>();
    private final ChaosClient.Told told = new ChaosClient.Told();
    private volatile boolean over;

    FleetUnderLoad(Path scratch, ServersApart servers, long seed) throws Exception {
        fleet = new FleetProcesses(scratch, HOSTS, 2, servers.addresses(), servers::close, Map.of());
        boolean started = false;
        try {
            for (String name : PROCESSES) {
                fleet.launch(name);
            }
            fleet.awaitAllReady();
            fleet.setNamespace(ChaosClient.OUTSIDE, 2);
            fleet.setNamespace(FleetProcesses.NAMESPACE, 7);
            for (int host = 1; host <= HOSTS; host++) {
                ChaosClient client = new ChaosClient(fleet, host, HOSTS, ChaosClient.trees(scratch, host), told, List::of, seed + host);
                clients.add(threads.submit(untilOver(client)));
            }
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    private Callable<Void> untilOver(ChaosClient client) {
        return () -> {
            while (!over) {
                client.act();
            }
            return null;
        };
    }

    FleetProcesses fleet() {
        return fleet;
    }

    ChaosClient.Told told() {
        return told;
    }

    void requireClients() {
        assertThat(clients).as("clients that ended").noneMatch(Future::isDone);
    }

    /** Stops the clients, and compares disks, registry and facts with what they were told. */
    void stopAndCompare() throws Exception {
        over = true;
        for (Future<Void> client : clients) {
            client.get(Eventually.HANG.toSeconds(), TimeUnit.SECONDS);
        }
        told.confirmed(fleet.evictions("closed"));
        fleet.assertConverged(HOSTS, told.sources());
        fleet.assertFactsTold();
        told.assertTrue(fleet, HOSTS);
        System.out.printf(
                "requests: %s; %d puts stored, %d reads under holds, %d deletions, %d evictions%n",
                told.attempts(),
                told.stored().size(),
                told.reads(),
                told.deletions(),
                fleet.evictions("closed").size());
    }

    @Override
    public void close() {
        over = true;
        try (fleet) {
            threads.close();
        }
    }
}
