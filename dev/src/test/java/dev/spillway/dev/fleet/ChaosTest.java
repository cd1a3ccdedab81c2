package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A fleet of processes on a real PostgreSQL and a real Kafka. Its coordinator and workers are killed at every {@link KillPoint}. A host is stopped
 * for longer than the fleet waits for it, and the broker and the database are killed. Clients go on meanwhile. At the end nothing is lost, nothing
 * leaks, and all answers were true.
 */
@Tag("full")
class ChaosTest {
    private static final Logger LOG = LoggerFactory.getLogger(ChaosTest.class);
    private static final int HOSTS = 3;
    private static final int CAPACITY = 7;
    private static final Duration REACHED_WITHIN = Duration.ofMinutes(10);
    private static final Duration ENDED_WITHIN = Duration.ofMinutes(20);
    private static final long SEED = 20_261_121;

    @TempDir
    Path scratch;

    private final ConcurrentLinkedQueue<String> killed = new ConcurrentLinkedQueue<>();
    /** The point at which each process is to be killed next. */
    private final Map<String, KillPoint> next = new ConcurrentSkipListMap<>();
    private final ChaosClient.Told told = new ChaosClient.Told();
    private volatile boolean over;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void whateverIsKilledWhereverNothingIsLostAndNothingLeaks() throws Exception {
        ServersApart servers = new ServersApart(scratch);
        try (FleetProcesses fleet =
                new FleetProcesses(scratch, HOSTS, servers.addresses(), servers::close, Debugger.ENVIRONMENT);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                run(fleet, servers, threads);
            } catch (Exception | AssertionError e) {
                System.out.println(fleet.logs());
                throw e;
            } finally {
                over = true;
            }
        }
    }

    private void run(FleetProcesses fleet, ServersApart servers, ExecutorService threads) throws Exception {
        Debugger coordinator = started(fleet, "coordinator");
        fleet.awaitReady("coordinator");
        List<Debugger> workers = new ArrayList<>();
        for (int host = 1; host <= HOSTS; host++) {
            workers.add(started(fleet, "host-" + host));
        }
        for (int host = 1; host <= HOSTS; host++) {
            fleet.awaitWorkerJoined(host);
        }
        for (String namespace : List.of(ChaosClient.OUTSIDE, FleetProcesses.NAMESPACE)) {
            fleet.setNamespace(namespace, namespace.equals(ChaosClient.OUTSIDE) ? 2 : CAPACITY);
        }

        List<Future<?>> clients = new ArrayList<>();
        for (int host = 1; host <= HOSTS; host++) {
            List<String> processes = List.of("coordinator", "host-" + host);
            ChaosClient client = new ChaosClient(
                    fleet,
                    host,
                    HOSTS,
                    ChaosClient.trees(scratch, host),
                    told,
                    () -> processes.stream().map(next::get).filter(Objects::nonNull).map(KillPoint::leading).toList(),
                    SEED + host);
            clients.add(threads.submit(untilOver(client::act)));
        }
        clients.add(threads.submit(untilOver(() -> watchDeletions(fleet))));

        List<Future<?>> killers = new ArrayList<>();
        Future<Debugger> ofCoordinator = threads.submit(killing(fleet, "coordinator", coordinator, KillPoint.ofCoordinator()));
        killers.add(ofCoordinator);
        for (int host = 1; host <= HOSTS; host++) {
            List<KillPoint> points = new ArrayList<>();
            for (int at = host - 1; at < KillPoint.ofWorkers().size(); at += HOSTS) {
                points.add(KillPoint.ofWorkers().get(at));
            }
            killers.add(threads.submit(killing(fleet, "host-" + host, workers.get(host - 1), points)));
        }
        awaitAll(killers, clients);
        Future<Debugger> atJoin =
                threads.submit(killing(fleet, "coordinator", ofCoordinator.get(), List.of(KillPoint.ofCoordinatorAtJoin())));
        fleet.process("host-1").kill();
        started(fleet, "host-1");
        awaitAll(List.of(atJoin), clients);
        assertThat(killed).as("kill points that were reached")
                .hasSize(KillPoint.ofCoordinator().size() + 1 + KillPoint.ofWorkers().size());

        fleet.awaitAllReady();
        stopAHost(fleet);
        servers.killKafka();
        killed.add("kafka: the broker, as it was");
        awaitMore(clients);
        servers.startKafka();
        fleet.awaitAllReady();
        servers.killPostgres();
        killed.add("postgresql: the database, as it was");
        awaitMore(clients);
        servers.startPostgres();
        fleet.awaitAllReady();
        awaitMore(clients);

        over = true;
        awaitAll(clients, List.of());
        fleet.assertConverged(HOSTS, told.sources());
        fleet.assertFactsTold();
        told.assertTrue(fleet, HOSTS);
        killed.forEach(each -> System.out.println("killed " + each));
        System.out.printf(
                "%d kills; %d puts stored, %d reads under holds, %d deletions, %d evictions%n",
                killed.size(),
                told.stored().size(),
                told.reads(),
                told.deletions(),
                fleet.evictions("closed").size());
    }

    private Callable<Debugger> killing(FleetProcesses fleet, String name, Debugger first, List<KillPoint> points) {
        return () -> {
            Debugger debugger = first;
            CompletableFuture<Void> hit = armed(debugger, name, points.getFirst());
            for (KillPoint point : points) {
                try {
                    hit.get(REACHED_WITHIN.toSeconds(), TimeUnit.SECONDS);
                } catch (TimeoutException | ExecutionException e) {
                    String why = e instanceof ExecutionException ? String.valueOf(e.getCause()) : "not within " + REACHED_WITHIN;
                    throw new AssertionError(
                            "%s never came to: %s (%s): %s%n%s".formatted(
                                    name,
                                    point.what(),
                                    point.place(),
                                    why,
                                    fleet.process(name).picture()),
                            e);
                }
                next.remove(name);
                killed.add(name + ": " + point.what() + " (" + point.place() + ")");
                LOG.info("{} killed at: {}", name, point.what());
                int following = points.indexOf(point) + 1;
                fleet.launch(name);
                debugger = attached(fleet, name);
                if (following < points.size()) {
                    hit = armed(debugger, name, points.get(following));
                }
                debugger.resume();
            }
            return debugger;
        };
    }

    private CompletableFuture<Void> armed(Debugger debugger, String name, KillPoint point) {
        next.put(name, point);
        return debugger.killAt(point);
    }

    private static Debugger started(FleetProcesses fleet, String name) throws IOException {
        fleet.launch(name);
        Debugger debugger = attached(fleet, name);
        debugger.resume();
        return debugger;
    }

    private static Debugger attached(FleetProcesses fleet, String name) throws IOException {
        SpillwayProcess process = fleet.process(name).awaitLine(Debugger.LISTENING, fleet.starts(name), Eventually.HANG);
        String last = process.text().lines().filter(line -> line.startsWith(Debugger.LISTENING)).toList().getLast();
        return Debugger.attach(process.process(), Integer.parseInt(last.substring(Debugger.LISTENING.length()).strip()));
    }

    /** A host is paused for longer than the host timeout, and then continues. */
    private void stopAHost(FleetProcesses fleet) throws IOException, InterruptedException {
        signal("STOP", fleet.process("host-2"));
        try {
            Eventually.holds(Eventually.HANG, () -> assertThat(fleet.state("host-2")).isEqualTo("AWAY"));
        } finally {
            signal("CONT", fleet.process("host-2"));
        }
        killed.add("host-2: stopped until it was AWAY, then continued");
        fleet.awaitAllReady();
    }

    private static void signal(String name, SpillwayProcess process) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.process().pid())).inheritIO().start();
        assertThat(kill.waitFor()).isZero();
    }

    /** Lets the clients go on for so long that some of them meet what was done. */
    private void awaitMore(List<Future<?>> clients) throws Exception {
        long until = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (System.nanoTime() < until) {
            failIfAnyFailed(clients);
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    private void watchDeletions(FleetProcesses fleet) throws InterruptedException {
        try {
            told.confirmed(fleet.evictions("closed"));
        } catch (IOException | AssertionError | RuntimeException e) {
            // No coordinator is there at the moment.
            LOG.debug("evictions: {}", e.toString());
        }
        LockSupport.parkNanos(Duration.ofMillis(150).toNanos());
    }

    private interface Act {
        void act() throws Exception;
    }

    private Callable<Void> untilOver(Act act) {
        return () -> {
            while (!over) {
                act.act();
            }
            return null;
        };
    }

    private static void awaitAll(List<Future<?>> these, List<Future<?>> meanwhile) {
        Eventually.holds(ENDED_WITHIN, () -> {
            failIfAnyFailed(these);
            failIfAnyFailed(meanwhile);
            assertThat(these).allMatch(Future::isDone);
        });
    }

    private static void failIfAnyFailed(List<Future<?>> these) throws InterruptedException {
        for (Future<?> each : these) {
            if (each.isDone()) {
                try {
                    var _ = each.get();
                } catch (ExecutionException e) {
                    throw new IllegalStateException(String.valueOf(e.getCause()), e);
                }
            }
        }
    }
}
