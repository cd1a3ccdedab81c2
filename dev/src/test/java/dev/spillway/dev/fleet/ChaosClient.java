package dev.spillway.dev.fleet;

import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Orders;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client of one host that puts, copies, reads under holds and deletes keys of its own while processes come and go. It asks again with the same
 * idempotency key until it knows the outcome, and checks what it is answered.
 */
final class ChaosClient {
    /** The namespace of entries that belong to no host. */
    static final String OUTSIDE = "outside";

    private static final long PAUSE_NANOS = Duration.ofMillis(80).toNanos();
    private static final int KEYS = 4;

    /** A kind of request, with its usual share in a hundred. */
    enum Act {
        PUT(45), DELETE_AT_HOST(7), DELETE(4), READ(34), PUT_OUTSIDE(10);

        private final int share;

        Act(int share) {
            this.share = share;
        }

        private static Act usual(Random random) {
            int chance = random.nextInt(100);
            for (Act act : values()) {
                chance -= act.share;
                if (chance < 0) {
                    return act;
                }
            }
            throw new IllegalStateException("shares: " + List.of(values()) + " (expected: 100 in all)");
        }
    }

    /** The end of one try of a request. */
    enum Attempt {
        ANSWERED,
        /** With a 5xx that says to ask again. */
        REFUSED,
        /** Nobody listened there. */
        UNREACHABLE,
        /** Sent, and no answer came. */
        CUT_OFF
    }

    /** The answers to all clients, and the confirmed deletions. Thread-safe. */
    static final class Told {
        /** Generations that a put was told are stored, with their keys. */
        private final Map<Long, String> stored = new ConcurrentSkipListMap<>();
        private final SortedMap<String, Path> sources = new ConcurrentSkipListMap<>();
        /** Copies that their hosts confirmed to be gone. */
        private final Set<String> gone = ConcurrentHashMap.newKeySet();
        private final AtomicInteger reads = new AtomicInteger();
        private final Map<Attempt, LongAdder> attempts = new ConcurrentSkipListMap<>();
        private final AtomicInteger deletions = new AtomicInteger();

        Map<Long, String> stored() {
            return stored;
        }

        private void attempted(Attempt attempt) {
            attempts.computeIfAbsent(attempt, first -> new LongAdder()).increment();
        }

        /** Counts the tries of all requests by their ends. */
        Map<Attempt, LongAdder> attempts() {
            return attempts;
        }

        SortedMap<String, Path> sources() {
            return sources;
        }

        int reads() {
            return reads.get();
        }

        int deletions() {
            return deletions.get();
        }

        void confirmed(List<Evictions.Eviction> closed) {
            for (Evictions.Eviction eviction : closed) {
                for (Orders.ReplicaOrder order : eviction.orders()) {
                    if (order.state() == Orders.State.DELETED || order.state() == Orders.State.ABSENT) {
                        gone.add(order.replicaId().toString());
                    }
                }
            }
        }

        /** Checks that every put that was answered as stored exists or was evicted, and reads existing entries from each host that holds them. */
        void assertTrue(FleetProcesses fleet, int hosts) throws IOException, InterruptedException {
            Set<Long> known =
                    fleet.evictions("closed").stream().map(Evictions.Eviction::generation).collect(Collectors.toCollection(TreeSet::new));
            for (String namespace : List.of(FleetProcesses.NAMESPACE, OUTSIDE)) {
                for (Entries.Entry entry : fleet.entries(namespace)) {
                    assertThat(known.add(entry.generation())).as("an entry that is evicted too: " + entry).isTrue();
                }
            }
            assertThat(stored.keySet()).as("generations that clients were told").isSubsetOf(known);
            for (Entries.Entry entry : fleet.entries(FleetProcesses.NAMESPACE)) {
                for (int host = 1; host <= hosts; host++) {
                    String id = "host-" + host;
                    boolean holds = entry.replicas() != null
                            && entry.replicas().stream().anyMatch(replica -> replica.hostId().value().equals(id));
                    Http.Answer read = Http.get(
                            fleet.workerUrl(host) + "/v1/directories/" + FleetProcesses.NAMESPACE + "/entries/"
                                    + Http.encoded(entry.key().value()) + "?fetch=false");
                    assertThat(read.status()).as(id + ": " + entry.key()).isEqualTo(holds ? 200 : 404);
                    if (holds) {
                        assertThat(read.json().get("generation").asLong()).isEqualTo(entry.generation());
                    }
                }
            }
            assertThat(reads()).isPositive();
            assertThat(deletions()).isPositive();
        }
    }

    private final FleetProcesses fleet;
    private final int host;
    private final int hosts;
    private final List<Path> trees;
    private final Told told;
    private final Supplier<List<Act>> wanted;
    private final Random random;

    /**
     * A client of one host.
     *
     * @param trees  of this client alone
     * @param wanted the acts that lead to where processes are to be killed next
     */
    ChaosClient(FleetProcesses fleet, int host, int hosts, List<Path> trees, Told told, Supplier<List<Act>> wanted, long seed) {
        this.fleet = fleet;
        this.host = host;
        this.hosts = hosts;
        this.trees = trees;
        this.told = told;
        this.wanted = wanted;
        this.random = new Random(seed);
    }

    /** Does one request, to its end; every second one is of those that are wanted. */
    void act() throws IOException, InterruptedException {
        String key = "client " + host + "/" + random.nextInt(KEYS);
        List<Act> leading = wanted.get();
        switch (leading.isEmpty() || random.nextBoolean() ? Act.usual(random) : leading.get(random.nextInt(leading.size()))) {
            case PUT -> put(key);
            case DELETE_AT_HOST -> delete(List.of(fleet.workerUrl(host) + "/v1/directories/" + FleetProcesses.NAMESPACE), key);
            case DELETE -> delete(ofCoordinators("/v1/namespaces/" + FleetProcesses.NAMESPACE), key);
            case READ -> {
                boolean own = random.nextInt(3) > 0;
                read(
                        own ? host : 1 + random.nextInt(hosts),
                        own ? key : "client " + (1 + random.nextInt(hosts)) + "/" + random.nextInt(KEYS));
            }
            case PUT_OUTSIDE -> putOutside();
        }
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    private void put(String key) {
        Path tree = trees.get(random.nextInt(trees.size()));
        Http.Answer stored = known("PUT", entry(host, key), Map.of("sourceDir", tree.toString()));
        // A put whose entry is evicted before its answer says so; both are the outcome of one that was committed.
        assertThat(stored.status() == 200 || stored.text().contains("evicted")).as(stored.text()).isTrue();
        told.sources.put(key, tree);
        if (stored.status() == 200) {
            long generation = stored.json().get("generation").asLong();
            told.stored.put(generation, key);
            if (hosts > 1 && random.nextBoolean()) {
                int other = 1 + (host + random.nextInt(hosts - 1)) % hosts;
                Http.Answer copied = known("PUT", entry(other, key), Map.of("sourceDir", tree.toString(), "generation", generation));
                assertThat(copied.status()).as(copied.text()).isIn(200, 409);
            }
        }
    }

    private void putOutside() {
        Http.Answer put = known(
                "PUT",
                ofCoordinators("/v1/namespaces/" + OUTSIDE + "/entries/" + random.nextInt(KEYS)),
                Map.of("snapshotId", UUID.randomUUID().toString(), "sizeBytes", 1));
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        told.stored.put(put.json().get("generation").asLong(), OUTSIDE);
    }

    private List<String> ofCoordinators(String path) {
        return fleet.coordinatorUrls().stream().map(url -> url + path).toList();
    }

    private void delete(List<String> namespaceUrls, String key) {
        Http.Answer deleted = known("DELETE", namespaceUrls.stream().map(url -> url + "/entries/" + Http.encoded(key)).toList(), null);
        assertThat(deleted.status()).as(deleted.text()).isIn(200, 404);
        told.deletions.incrementAndGet();
    }

    /**
     * Reads under a hold, and checks that the image is whole as long as it is held. A copy that a host has confirmed as deleted must never be read
     * there again.
     */
    private void read(int from, String key) throws IOException {
        Set<String> gone = Set.copyOf(told.gone);
        Http.Answer found = known("GET", entry(from, key) + "?hold=PT30S&fetch=false", null);
        assertThat(found.status()).as(found.text()).isIn(200, 404);
        if (found.status() == 404) {
            return;
        }
        Path image = Path.of(found.json().get("path").asText());
        assertThat(gone).as("served by host-" + from + " after it confirmed the deletion").doesNotContain(image.getFileName().toString());
        for (int look = 0; look < 3; look++) {
            assertThat(Files.readString(image.resolve("deep").resolve("owner"))).isEqualTo(key.substring(0, key.indexOf('/')));
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        Http.Answer released =
                known("DELETE", fleet.workerUrl(from) + "/v1/holds/" + found.json().get("hold").get("id").asText(), null);
        // It may have been released by an attempt whose answer was lost.
        assertThat(released.status()).as(released.text()).isIn(204, 404);
        told.reads.incrementAndGet();
    }

    private Http.Answer known(String method, String url, @Nullable Object body) {
        return known(method, List.of(url), body);
    }

    /** Asks again with one idempotency key, each time at the next address, until the outcome is known. */
    private Http.Answer known(String method, List<String> urls, @Nullable Object body) {
        Map<String, String> headers = method.equals("GET") ? Map.of() : Map.of("Idempotency-Key", UUID.randomUUID().toString());
        Http.Answer[] last = new Http.Answer[1];
        int[] asked = {random.nextInt(urls.size())};
        Eventually.holds(Eventually.HANG, () -> {
            last[0] = attempt(method, urls.get(asked[0]++ % urls.size()), body, headers);
            assertThat(last[0].status()).as(last[0].text()).isLessThan(500);
        });
        return last[0];
    }

    private Http.Answer attempt(String method, String url, @Nullable Object body, Map<String, String> headers)
            throws IOException, InterruptedException {
        try {
            Http.Answer answer = Http.send(method, url, body, headers);
            told.attempted(answer.status() < 500 ? Attempt.ANSWERED : Attempt.REFUSED);
            return answer;
        } catch (ConnectException e) {
            told.attempted(Attempt.UNREACHABLE);
            throw e;
        } catch (IOException e) {
            told.attempted(Attempt.CUT_OFF);
            throw e;
        }
    }

    private String entry(int at, String key) {
        return fleet.workerUrl(at) + "/v1/directories/" + FleetProcesses.NAMESPACE + "/entries/" + Http.encoded(key);
    }

    /** Makes the trees of one client, each with its owner in it. */
    static List<Path> trees(Path directory, int host) throws IOException {
        SortedMap<Integer, Path> trees = new TreeMap<>();
        for (int number = 0; number < 3; number++) {
            Path tree = Files.createDirectories(directory.resolve("client-" + host + "-" + number));
            Files.writeString(Files.createDirectories(tree.resolve("deep")).resolve("owner"), "client " + host);
            Files.writeString(tree.resolve("number"), Integer.toString(number));
            trees.put(number, tree);
        }
        return List.copyOf(trees.values());
    }
}
