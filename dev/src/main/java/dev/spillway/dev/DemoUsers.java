package dev.spillway.dev;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.bench.curves.Trace;
import dev.spillway.client.DirectoryCache;
import dev.spillway.client.HeldDirectory;
import dev.spillway.client.ImageRegistry;
import dev.spillway.client.NotReachableException;
import dev.spillway.client.OutcomeUnknownException;
import dev.spillway.client.SpillwayClient;
import dev.spillway.events.Description;
import dev.spillway.worker.app.Worker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Simulated users of a demo. On each host a user reads images, preferably popular ones, and adds copies of missing ones. More keys are read than fit,
 * so images are evicted all the time from each host that has a copy. One further host joins and leaves.
 */
final class DemoUsers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DemoUsers.class);
    private static final String NAMESPACES = """
            rootfs {"maxEntries":60}
            layers {"maxBytes":6000000,"evictionPolicy":"GDSF"}
            functions {"maxEntries":400}
            """;
    private static final int KEYS = 200;
    private static final int FUNCTIONS = 2_000;
    private static final double POPULARITY = 0.9;
    private static final int FILES_MAX = 4;
    private static final int FILE_BYTES_MAX = 64 << 10;
    private static final int PAUSE_MILLIS_MAX = 300;
    /** One read in this number replaces the image by a new version, so that all copies of the former one are evicted. */
    private static final int RENEWED_EVERY = 100;
    private static final int REBUILD_SECONDS_MAX = 600;
    /** One read in this number holds its image for a while, so that an eviction sometimes meets a hold. */
    private static final int KEPT_EVERY = 20;
    private static final Duration KEPT = Duration.ofSeconds(3);
    private static final Duration GUEST_STAYS = Duration.ofSeconds(40);
    private static final Duration GUEST_AWAY = Duration.ofSeconds(20);
    private static final Duration TROUBLE_PAUSE = Duration.ofSeconds(1);
    private static final Duration END_WITHIN = Duration.ofSeconds(20);

    private final DevFleet fleet;
    private final Path scratch;
    private final List<Thread> threads = new ArrayList<>();
    /** Latest generation by namespace and key. */
    private final Map<String, Long> generations = new ConcurrentHashMap<>();

    private DemoUsers(DevFleet fleet, Path scratch) {
        this.fleet = fleet;
        this.scratch = scratch;
    }

    /**
     * Creates the namespaces, and starts to use them.
     *
     * @param failed is called if the host that comes and goes fails
     */
    static DemoUsers start(DevFleet fleet, Consumer<Throwable> failed) throws IOException, InterruptedException {
        DemoUsers users = new DemoUsers(fleet, Files.createDirectories(fleet.folder().resolve("demo")));
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (String line : NAMESPACES.lines().toList()) {
                String[] namespace = line.split(" ", 2);
                HttpResponse<String> answer = http.send(
                        HttpRequest.newBuilder(URI.create("http://" + fleet.coordinator() + "/v1/namespaces/" + namespace[0]))
                                .header("Content-Type", "application/json")
                                .PUT(HttpRequest.BodyPublishers.ofString(namespace[1]))
                                .build(),
                        BodyHandlers.ofString());
                if (answer.statusCode() != 200) {
                    throw new IOException("namespace " + namespace[0] + ": " + answer.body());
                }
            }
        }
        for (int host = 1; host <= fleet.hosts(); host++) {
            int number = host;
            users.begin("user of host-" + host, () -> users.use(number));
        }
        users.begin("caller of functions", users::call);
        users.begin("host-" + (fleet.hosts() + 1), () -> users.comeAndGo(failed));
        return users;
    }

    /** An activity that runs until it is interrupted. */
    @FunctionalInterface
    private interface Use {
        void run() throws InterruptedException;
    }

    private void begin(String name, Use use) {
        threads.add(Thread.ofVirtual().name(name).start(() -> {
            try {
                use.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private void use(int host) throws InterruptedException {
        RandomGenerator random = new SplittableRandom(host);
        IntUnaryOperator popular = Trace.zipf(KEYS, POPULARITY, host);
        try (SpillwayClient client = client(host)) {
            List<String> namespaces = List.of("rootfs", "layers");
            while (true) {
                String namespace = namespaces.get(random.nextInt(namespaces.size()));
                String key = "image-" + popular.applyAsInt(0);
                tried(() -> {
                    DirectoryCache cache = client.directories(namespace);
                    String name = namespace + "/" + key;
                    boolean isRenewed = random.nextInt(RENEWED_EVERY) == 0;
                    Optional<HeldDirectory> found = isRenewed ? Optional.empty() : cache.get(key);
                    if (found.isEmpty()) {
                        if (isRenewed) {
                            generations.remove(name);
                        }
                        put(cache, name, key);
                    } else {
                        try (HeldDirectory held = found.get()) {
                            LOG.debug("reading {}", held.path());
                            Thread.sleep(random.nextInt(KEPT_EVERY) == 0 ? KEPT : Duration.ZERO);
                        }
                    }
                });
                Thread.sleep(random.nextInt(PAUSE_MILLIS_MAX));
            }
        }
    }

    private SpillwayClient client(int host) {
        return SpillwayClient.builder().coordinators(fleet.coordinator()).worker(fleet.worker(host)).build();
    }

    private void put(DirectoryCache cache, String name, String key) throws InterruptedException {
        // The tree must be the same on each host.
        RandomGenerator random = new SplittableRandom(name.hashCode());
        try {
            Path tree = Files.createTempDirectory(scratch, "image");
            try {
                int files = 1 + random.nextInt(FILES_MAX);
                for (int file = 0; file < files; file++) {
                    byte[] content = new byte[random.nextInt(FILE_BYTES_MAX)];
                    random.nextBytes(content);
                    Files.write(tree.resolve("file-" + file), content);
                }
                Description description = new Description(
                        "put by " + Thread.currentThread().getName(),
                        new TreeMap<>(Map.of(Description.REBUILD_SECONDS, String.valueOf(1 + random.nextInt(REBUILD_SECONDS_MAX)))));
                put(cache, name, key, tree, description);
            } finally {
                delete(tree);
            }
        } catch (IOException e) {
            LOG.warn("making an image: {}", e.getMessage());
        }
    }

    /** Adds a copy to those of other hosts, or a new entry if there are none. */
    private void put(DirectoryCache cache, String name, String key, Path tree, Description description) throws InterruptedException {
        Long generation = generations.get(name);
        try {
            if (generation != null) {
                cache.putCopy(key, tree, description, generation);
                return;
            }
        } catch (ProblemException e) {
            if (e.type() != ProblemType.GENERATION_GONE && e.type() != ProblemType.EVICTED) {
                throw e;
            }
        }
        generations.put(name, cache.put(key, tree, description, CachedDirectories.Mode.COPY).generation());
    }

    private static void delete(Path tree) throws IOException {
        try (var files = Files.list(tree)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(tree);
    }

    /** Uses only the registry; its entries belong to no host. */
    private void call() throws InterruptedException {
        RandomGenerator random = new SplittableRandom();
        IntUnaryOperator popular = Trace.zipf(FUNCTIONS, POPULARITY, 0);
        try (SpillwayClient client = SpillwayClient.builder().coordinators(fleet.coordinator()).build()) {
            ImageRegistry functions = client.images("functions");
            while (true) {
                String key = "function-" + popular.applyAsInt(0);
                tried(() -> {
                    if (functions.get(key).isEmpty()) {
                        functions.put(key, "snapshot-of-" + key, 1 + random.nextLong(8 << 20));
                    }
                });
                Thread.sleep(random.nextInt(PAUSE_MILLIS_MAX / 5));
            }
        }
    }

    private void comeAndGo(Consumer<Throwable> failed) throws InterruptedException {
        int number = fleet.hosts() + 1;
        while (true) {
            try (Worker guest = fleet.startHost(number, failed)) {
                LOG.info("{} is here", guest.address());
                Thread user = Thread.ofVirtual().name("user of host-" + number).start(() -> {
                    try {
                        use(number);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
                try {
                    Thread.sleep(GUEST_STAYS);
                } finally {
                    user.interrupt();
                    user.join(END_WITHIN);
                }
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                failed.accept(e);
                return;
            }
            Thread.sleep(GUEST_AWAY);
        }
    }

    /** Runs an activity, and logs failures that a user would see and retry. */
    private static void tried(Use use) throws InterruptedException {
        try {
            use.run();
        } catch (ProblemException | NotReachableException | OutcomeUnknownException e) {
            LOG.info("{}: {}", Thread.currentThread().getName(), e.getMessage());
            Thread.sleep(TROUBLE_PAUSE);
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                thread.join(END_WITHIN);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
