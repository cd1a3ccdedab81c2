package dev.spillway.dev;

import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.EmbeddedServerException;
import dev.spillway.embedded.EmbeddedServers;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.Worker;
import dev.spillway.worker.app.WorkerSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The parts of a development fleet. Parts that do not need each other are started in parallel. */
final class DevFleet {
    /** Difference between the ports of the first worker and the coordinator. */
    static final int FIRST_WORKER = 10;

    private static final Duration JOINED_WITHIN = Duration.ofSeconds(60);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    /** Number of partitions: enough for a hundred hosts, and few enough for a fast recovery of the broker after a kill. */
    private static final int PARTITIONS = 16;

    private final Path folder;
    private final boolean temporary;
    private final int port;
    private final int hosts;
    private final PrintStream out;
    private Addresses addresses = Addresses.NOT_YET;

    /** @param temporary whether the data of PostgreSQL and Kafka need not survive */
    DevFleet(Path folder, boolean temporary, int port, int hosts, PrintStream out) {
        this.folder = folder;
        this.temporary = temporary;
        this.port = port;
        this.hosts = hosts;
        this.out = out;
    }

    /**
     * Reads the settings of every part before anything is created or started.
     *
     * @throws SettingsException       with the problems of the first part whose settings are wrong
     * @throws EmbeddedServerException if PostgreSQL and Kafka cannot use the folder
     */
    List<WorkerSettings> check() throws SettingsException {
        EmbeddedServers.requireUsable(folder);
        CoordinatorSettings.read(Sources.of(coordinator(Addresses.NOT_YET)));
        List<WorkerSettings> workers = new ArrayList<>();
        for (int host = 1; host <= hosts; host++) {
            workers.add(WorkerSettings.read(Sources.of(worker(Addresses.NOT_YET, host))));
        }
        return workers;
    }

    /**
     * Opens the store of every worker once, before anything is started.
     *
     * @throws IOException if a store cannot be used, with its name
     */
    void checkStores() throws SettingsException, IOException, InterruptedException {
        for (WorkerSettings worker : check()) {
            Worker.requireStore(worker);
        }
    }

    /** The addresses of the servers that the other parts need. */
    private record Addresses(String database, String user, String password, String kafka) {
        /** Placeholder for the addresses of servers that are not started yet. */
        static final Addresses NOT_YET = new Addresses("jdbc:postgresql://127.0.0.1:1/spillway", "spillway", "none", "127.0.0.1:1");

        static Addresses of(EmbeddedServers servers) {
            return new Addresses(
                    servers.postgres().jdbcUrl(),
                    servers.postgres().user(),
                    servers.postgres().password(),
                    servers.kafka().bootstrapServers());
        }
    }

    /**
     * Starts all parts. Returns once every worker has joined or was refused. A refused worker does not stop the start, because an operator needs the
     * other parts to solve it.
     */
    void start(Lifecycle lifecycle) throws Exception {
        EmbeddedServers servers = lifecycle.start("servers", this::servers);
        watch(lifecycle, "PostgreSQL", servers.postgres().ended());
        watch(lifecycle, "Kafka", servers.kafka().ended());
        out.println("PostgreSQL   127.0.0.1:" + servers.postgres().port());
        out.println("Kafka        " + servers.kafka().bootstrapServers());

        addresses = Addresses.of(servers);
        // The coordinator is started before the workers, because otherwise they would fail to reach it and log this.
        Coordinator coordinator =
                lifecycle.start("coordinator", () -> Coordinator.start(CoordinatorSettings.read(Sources.of(coordinator(addresses)))));
        out.println("coordinator  http://" + coordinator.address());
        List<Starting> starts = new ArrayList<>();
        for (int host = 1; host <= hosts; host++) {
            String id = id(host);
            Map<String, String> settings = worker(addresses, host);
            starts.add(inBackground(id, () -> {
                Worker worker = lifecycle.start(
                        id,
                        () -> Worker.start(WorkerSettings.read(Sources.of(settings)), failure -> lifecycle.fail(id, failure)));
                Optional<String> refusal = awaitJoined(id, worker);
                return "%-12s http://%s, images in %s%s".formatted(
                        id,
                        worker.address(),
                        folder.resolve(id).resolve("images"),
                        refusal.map(why -> "\n" + " ".repeat(13) + "refused: " + why).orElse(""));
            }));
        }
        tellAll(starts);
        out.println("ready        coordinator http://" + coordinator() + ", workers " + workers());
    }

    /**
     * Starts a further host of a running fleet.
     *
     * @param number number of the host, above those that were started with the fleet
     * @param failed is called if it fails
     */
    Worker startHost(int number, Consumer<Throwable> failed) throws Exception {
        return Worker.start(WorkerSettings.read(Sources.of(worker(addresses, number))), failed);
    }

    /** Returns the number of hosts that were started with it. */
    int hosts() {
        return hosts;
    }

    String coordinator() {
        return "127.0.0.1:" + port;
    }

    /** Returns the address of a host's worker. */
    String worker(int number) {
        return "127.0.0.1:" + (port + FIRST_WORKER + number - 1);
    }

    /** Returns the folder of all data. */
    Path folder() {
        return folder;
    }

    /**
     * Starts the servers without interrupts, because they do not handle an interrupt during their start. They are up within seconds, so a stop waits
     * for them and then stops them.
     */
    private EmbeddedServers servers() throws InterruptedException {
        EmbeddedServers servers;
        try {
            servers = CompletableFuture
                    .supplyAsync(
                            () -> EmbeddedServers.start(postgres(), kafka()),
                            task -> Thread.ofPlatform().daemon().name("start-servers").start(task))
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        if (Thread.interrupted()) {
            servers.close();
            throw new InterruptedException("stopped while PostgreSQL and Kafka started");
        }
        return servers;
    }

    private String workers() {
        List<String> names = new ArrayList<>();
        for (int host = 1; host <= hosts; host++) {
            names.add(id(host) + " http://" + worker(host));
        }
        return names.stream().collect(Collectors.joining(", "));
    }

    private PostgresSettings postgres() {
        PostgresSettings settings =
                temporary ? PostgresSettings.temporary() : PostgresSettings.keptIn(folder.resolve("postgres"));
        return settings.withParameter("max_connections", "50");
    }

    private EmbeddedKafkaSettings kafka() {
        return temporary ? EmbeddedKafkaSettings.temporary() : EmbeddedKafkaSettings.keptIn(folder.resolve("kafka"));
    }

    private Map<String, String> coordinator(Addresses servers) {
        return Map.ofEntries(
                Map.entry("listen", coordinator()),
                Map.entry("database-url", servers.database()),
                Map.entry("database-user", servers.user()),
                Map.entry("database-password", servers.password()),
                Map.entry("kafka-servers", servers.kafka()),
                Map.entry("orders-partitions", String.valueOf(PARTITIONS)),
                Map.entry("evictions-partitions", "1"),
                Map.entry("reports-partitions", "1"),
                // Intervals are shortened from minutes to seconds, because a person watches.
                Map.entry("heartbeat", "1s"),
                Map.entry("host-timeout", "5s"),
                Map.entry("order-retry", "2s"),
                Map.entry("order-retry-max", "1m"),
                Map.entry("reconcile", "30s"),
                Map.entry("grace", "1m"));
    }

    private static String id(int host) {
        return "host-" + host;
    }

    private Map<String, String> worker(Addresses servers, int host) {
        return Map.of(
                "host-id",
                id(host),
                "listen",
                worker(host),
                "data",
                folder.resolve(id(host)).toString(),
                "coordinators",
                coordinator(),
                "kafka-servers",
                servers.kafka(),
                "allowed-sources",
                "/");
    }

    private static void watch(Lifecycle lifecycle, String server, CompletionStage<Void> ended) {
        var _ = ended.whenComplete((nothing, failure) -> {
            if (failure != null) {
                lifecycle.fail(server, failure);
            }
        });
    }

    /** A part that starts on a thread of its own, and returns a line to print. */
    private record Starting(FutureTask<String> task, Thread thread) {}

    private static Starting inBackground(String part, Callable<String> start) {
        FutureTask<String> task = new FutureTask<>(start);
        return new Starting(task, Thread.ofPlatform().daemon().name("start-" + part).start(task));
    }

    /**
     * Waits for all starts in order and prints their lines. If one fails or this thread is interrupted, the others are interrupted, and have ended
     * when this returns.
     */
    private void tellAll(List<Starting> starts) throws Exception {
        try {
            for (Starting start : starts) {
                out.println(start.task().get());
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            starts.forEach(start -> start.thread().interrupt());
            for (Starting start : starts) {
                start.thread().join();
            }
        }
    }

    /** Waits until a worker has joined. Returns the reason if it was refused. */
    private static Optional<String> awaitJoined(String id, Worker worker) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + JOINED_WITHIN.toNanos();
        HttpRequest readiness = HttpRequest.newBuilder(URI.create("http://" + worker.address() + "/readyz")).build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(readiness, BodyHandlers.ofString());
            while (answer.statusCode() != 200) {
                Optional<String> refusal = worker.refusal();
                if (refusal.isPresent()) {
                    return refusal;
                }
                if (System.nanoTime() >= deadline) {
                    throw new IOException("%s: not ready after %s: %s".formatted(id, JOINED_WITHIN, answer.body()));
                }
                Thread.sleep(LOOK_EVERY);
                answer = http.send(readiness, BodyHandlers.ofString());
            }
            return Optional.empty();
        }
    }
}
