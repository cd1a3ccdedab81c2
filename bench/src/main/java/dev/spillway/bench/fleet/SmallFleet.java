package dev.spillway.bench.fleet;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.EmbeddedServers;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.Worker;
import dev.spillway.worker.app.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** A coordinator and one worker in this process, on embedded servers. Closing deletes all they kept. */
public final class SmallFleet implements AutoCloseable {
    private final Path folder;
    private final Lifecycle lifecycle = new Lifecycle("fleet of the benchmark");
    private final EmbeddedServers servers;
    private final Coordinator coordinator;
    private final Worker worker;

    private SmallFleet(Path folder, Map<String, String> ofCoordinator, Map<String, String> ofWorker) throws Exception {
        this.folder = folder;
        servers = lifecycle.start("servers", () -> EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary()));
        coordinator = lifecycle.start(
                "coordinator",
                () -> Coordinator.start(
                        CoordinatorSettings.read(
                                Sources.of(
                                        with(
                                                ofCoordinator,
                                                Map.of(
                                                        "listen",
                                                        "127.0.0.1:0",
                                                        "database-url",
                                                        servers.postgres().jdbcUrl(),
                                                        "database-user",
                                                        servers.postgres().user(),
                                                        "database-password",
                                                        servers.postgres().password(),
                                                        "kafka-servers",
                                                        servers.kafka().bootstrapServers(),
                                                        "orders-partitions",
                                                        "1",
                                                        "evictions-partitions",
                                                        "1",
                                                        "reports-partitions",
                                                        "1"))))));
        worker = worker("host-1", ofWorker);
    }

    private static Map<String, String> with(Map<String, String> more, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        return all;
    }

    /** Starts one more worker, which ends with the fleet. */
    public Worker worker(String host, Map<String, String> more) throws Exception {
        Map<String, String> settings = with(
                more,
                Map.of(
                        "host-id",
                        host,
                        "listen",
                        "127.0.0.1:0",
                        "data",
                        folder.resolve(host).toString(),
                        "coordinators",
                        coordinator.address().toString(),
                        "kafka-servers",
                        servers.kafka().bootstrapServers(),
                        "allowed-sources",
                        folder.toString()));
        Worker started = lifecycle.start(
                host,
                () -> Worker.start(WorkerSettings.read(Sources.of(settings)), failure -> lifecycle.fail(host, failure)));
        started.awaitJoined();
        return started;
    }

    public static SmallFleet start() throws InterruptedException {
        return start(Map.of());
    }

    /** @param ofWorker settings of the worker besides those that make it one of this fleet */
    public static SmallFleet start(Map<String, String> ofWorker) throws InterruptedException {
        return start(Map.of(), ofWorker);
    }

    public static SmallFleet start(Map<String, String> ofCoordinator, Map<String, String> ofWorker) throws InterruptedException {
        try {
            return new SmallFleet(Files.createTempDirectory(folderPrefix()).toRealPath(), ofCoordinator, ofWorker);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("starting the fleet: " + e, e);
        }
    }

    /** Names the process, so that whoever looks for folders left behind sees no other process's. */
    public static String folderPrefix() {
        return "spillway-http-%d-".formatted(ProcessHandle.current().pid());
    }

    public Path folder() {
        return folder;
    }

    public EmbeddedServers servers() {
        return servers;
    }

    public String coordinator() {
        return coordinator.address().toString();
    }

    public String worker() {
        return worker.address().toString();
    }

    @Override
    public void close() {
        lifecycle.close();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new BenchmarkFailedException("deleting " + folder + ": " + e, e);
        }
    }
}
