package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Page;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.EmbeddedServers;
import dev.spillway.embedded.PostgresSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** A coordinator and workers as processes, with PostgreSQL and Kafka in this one or elsewhere, all on one scratch directory. */
final class FleetProcesses implements AutoCloseable {
    static final String NAMESPACE = "rootfs";

    /** The answer of a put. */
    record Put(int status, String text) {
        long generation() {
            return json().get("generation").asLong();
        }

        JsonNode json() {
            return new Http.Answer(status, text).json();
        }
    }

    /** The addresses of PostgreSQL and Kafka. */
    record Addresses(String jdbcUrl, String user, String password, String kafka) {
        static Addresses of(EmbeddedServers servers) {
            return new Addresses(
                    servers.postgres().jdbcUrl(),
                    servers.postgres().user(),
                    servers.postgres().password(),
                    servers.kafka().bootstrapServers());
        }
    }

    private final Path scratch;
    private final Addresses addresses;
    private final Runnable closeServers;
    private final Map<String, String> environment;
    private final List<Integer> coordinatorPorts;
    private final List<Integer> workerPorts;
    private final SortedMap<String, SpillwayProcess> running = new ConcurrentSkipListMap<>();
    private final SortedMap<String, Integer> starts = new ConcurrentSkipListMap<>();

    FleetProcesses(Path scratch, int hosts) {
        this(scratch, hosts, EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary()));
    }

    private FleetProcesses(Path scratch, int hosts, EmbeddedServers servers) {
        this(scratch, hosts, Addresses.of(servers), servers::close, Map.of());
    }

    /**
     * A fleet with one coordinator, on servers elsewhere.
     *
     * @param environment of every process
     */
    FleetProcesses(Path scratch, int hosts, Addresses addresses, Runnable closeServers, Map<String, String> environment) {
        this(scratch, hosts, 1, addresses, closeServers, environment);
    }

    FleetProcesses(Path scratch, int hosts, int coordinators, Addresses addresses, Runnable closeServers, Map<String, String> environment) {
        this.scratch = scratch;
        this.addresses = addresses;
        this.closeServers = closeServers;
        this.environment = environment;
        List<Integer> ports = Ports.free(coordinators + hosts);
        this.coordinatorPorts = ports.subList(0, coordinators);
        this.workerPorts = ports.subList(coordinators, ports.size());
    }

    Addresses addresses() {
        return addresses;
    }

    /** The first coordinator's. */
    String coordinatorUrl() {
        return coordinatorUrls().getFirst();
    }

    List<String> coordinatorUrls() {
        return coordinatorPorts.stream().map(port -> "http://127.0.0.1:" + port).toList();
    }

    String workerUrl(int host) {
        return "http://127.0.0.1:" + workerPorts.get(host - 1);
    }

    Path store(int host) {
        return scratch.resolve("host-" + host);
    }

    /** Starts the first coordinator without waiting. */
    void launchCoordinator() throws IOException {
        launchCoordinator("coordinator", coordinatorPorts.getFirst());
    }

    /** Starts a process of the fleet without waiting: {@code coordinator}, {@code coordinator-2} and so on, or {@code host-1} and so on. */
    void launch(String name) throws IOException {
        int number = name.contains("-") ? Integer.parseInt(name.substring(name.indexOf('-') + 1)) : 1;
        if (name.startsWith("host-")) {
            launchWorker(number);
        } else {
            launchCoordinator(name, coordinatorPorts.get(number - 1));
        }
    }

    private void launchCoordinator(String name, int port) throws IOException {
        // Short, so that what takes minutes in a fleet takes seconds here; their proportions are those of a fleet.
        launch(
                name,
                List.of(
                        "coordinator",
                        "--listen",
                        "127.0.0.1:" + port,
                        "--database-url",
                        addresses.jdbcUrl(),
                        "--database-user",
                        addresses.user(),
                        "--database-password",
                        addresses.password(),
                        "--kafka-servers",
                        addresses.kafka(),
                        "--orders-partitions",
                        "4",
                        "--evictions-partitions",
                        "2",
                        "--reports-partitions",
                        "2",
                        "--heartbeat",
                        "300ms",
                        "--host-timeout",
                        "2s",
                        "--order-retry",
                        "500ms",
                        "--order-retry-max",
                        "2s",
                        "--reconcile",
                        "3s",
                        "--command-deadline",
                        "5s",
                        "--grace",
                        "11s"));
    }

    /** Starts without waiting. */
    void launchWorker(int host) throws IOException {
        launchWorker("host-" + host, host, store(host), workerPorts.get(host - 1));
    }

    /** Starts a worker of that host on another store or at another address, without waiting. */
    void launchWorker(String name, int host, Path store, int port) throws IOException {
        launch(
                name,
                List.of(
                        "worker",
                        "--host-id",
                        "host-" + host,
                        "--data",
                        store.toString(),
                        "--listen",
                        "127.0.0.1:" + port,
                        "--coordinators",
                        coordinatorPorts.stream().map(each -> "127.0.0.1:" + each).collect(Collectors.joining(",")),
                        "--kafka-servers",
                        addresses.kafka(),
                        "--allowed-sources",
                        "/"));
    }

    private void launch(String name, List<String> arguments) throws IOException {
        running.put(name, SpillwayProcess.start(scratch.resolve(name + ".log"), arguments, Map.of(), environment));
        starts.merge(name, 1, Integer::sum);
    }

    void awaitReady(String name) {
        process(name).awaitReady(Objects.requireNonNull(starts.get(name)), Eventually.HANG);
    }

    void awaitWorkerJoined(int host) {
        awaitReady("host-" + host);
        Eventually.holds(Eventually.HANG, () -> assertReady(workerUrl(host)));
    }

    /** Waits until all coordinators and workers are ready, and every host is ACTIVE. */
    void awaitAllReady() {
        Eventually.holds(Eventually.HANG, () -> {
            for (String url : coordinatorUrls()) {
                assertReady(url);
            }
            for (int host = 1; host <= workerPorts.size(); host++) {
                assertReady(workerUrl(host));
                assertThat(state("host-" + host)).isEqualTo("ACTIVE");
            }
        });
    }

    private static void assertReady(String url) throws IOException, InterruptedException {
        Http.Answer readiness = Http.get(url + "/readyz");
        assertThat(readiness.status()).as(readiness.text()).isEqualTo(200);
    }

    /** A host's state, as the first coordinator tells it. */
    String state(String host) throws IOException, InterruptedException {
        return Http.get(coordinatorUrl() + "/v1/hosts/" + host).json().get("state").asText();
    }

    /** Returns the number of its starts so far. */
    int starts(String name) {
        return starts.getOrDefault(name, 0);
    }

    SpillwayProcess process(String name) {
        return Objects.requireNonNull(running.get(name), name);
    }

    void setNamespace(long maxEntries) throws IOException, InterruptedException {
        setNamespace(NAMESPACE, maxEntries);
    }

    /** Sets its policy, and waits until every worker knows it. */
    void setNamespace(String namespace, long maxEntries) throws IOException, InterruptedException {
        Http.Answer answer = Http.send("PUT", coordinatorUrl() + "/v1/namespaces/" + namespace, Map.of("maxEntries", maxEntries), Map.of());
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        Eventually.holds(Eventually.HANG, () -> {
            for (String name : running.keySet()) {
                if (name.startsWith("host-")) {
                    String url = workerUrl(Integer.parseInt(name.substring("host-".length())));
                    assertThat(Http.get(url + "/v1/directories/" + namespace + "/stats").status()).isEqualTo(200);
                }
            }
        });
    }

    /** Puts, and asks again with the same key while the answer is lost or says to, as a client that wants to know does. */
    Put put(int host, String key, Path tree, Map<String, Object> more) {
        Map<String, Object> body = new TreeMap<>(more);
        body.put("sourceDir", tree.toString());
        body.put("description", "copy of " + tree);
        String url = workerUrl(host) + "/v1/directories/" + NAMESPACE + "/entries/" + Http.encoded(key);
        Map<String, String> headers = Map.of("Idempotency-Key", UUID.randomUUID().toString());
        List<Put> last = new ArrayList<>();
        Eventually.holds(Eventually.HANG, () -> {
            Http.Answer answer = Http.send("PUT", url, body, headers);
            assertThat(answer.status()).as(answer.text()).isLessThan(500);
            last.add(new Put(answer.status(), answer.text()));
        });
        return last.getLast();
    }

    Put put(int host, String key, Path tree) {
        Put put = put(host, key, tree, Map.of());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        return put;
    }

    /** The entries of the registry with their replicas. */
    List<Entries.Entry> entries() throws IOException, InterruptedException {
        return entries(NAMESPACE);
    }

    List<Entries.Entry> entries(String namespace) throws IOException, InterruptedException {
        String url = coordinatorUrl() + "/v1/namespaces/" + namespace + "/entries";
        List<Entries.Entry> entries = new ArrayList<>();
        for (Entries.Entry entry : list(url + "?limit=1000", Entries.Entry.class)) {
            entries.add(Http.get(url + "/" + Http.encoded(entry.key().value()) + "?touch=false").as(Entries.Entry.class));
        }
        return entries;
    }

    List<Evictions.Eviction> evictions(String state) throws IOException, InterruptedException {
        return list(coordinatorUrl() + "/v1/evictions?limit=1000&state=" + state, Evictions.Eviction.class);
    }

    private static <T> List<T> list(String url, Class<T> item) throws IOException, InterruptedException {
        List<T> items = new ArrayList<>();
        String after = "";
        while (true) {
            Page<T> page =
                    Http.get(url + after).as(Http.mapper().getTypeFactory().constructParametricType(Page.class, item));
            items.addAll(page.items());
            if (page.next() == null) {
                return items;
            }
            after = "&after=" + Http.encoded(page.next());
        }
    }

    /**
     * Waits until what the registry says and what lies on the disks is one, and checks it.
     *
     * @param sources for each key the tree that was put under it last
     */
    void assertConverged(int hosts, Map<String, Path> sources) {
        Eventually.holds(Eventually.HANG, () -> {
            assertThat(evictions("open")).as("open evictions").isEmpty();
            List<Entries.Entry> entries = entries();
            for (int host = 1; host <= hosts; host++) {
                String id = "host-" + host;
                Set<String> wanted = entries.stream()
                        .flatMap(entry -> Objects.requireNonNull(entry.replicas()).stream())
                        .filter(replica -> replica.hostId().value().equals(id))
                        .map(replica -> replica.replicaId().toString())
                        .collect(Collectors.toCollection(TreeSet::new));
                assertThat(names(store(host).resolve("images"))).as("images of " + id).isEqualTo(wanted);
                assertThat(names(store(host).resolve("trash"))).as("trash of " + id).isEmpty();
                assertThat(names(store(host).resolve("staging"))).as("staging of " + id).isEmpty();
                JsonNode known = Http.get(coordinatorUrl() + "/v1/hosts/" + id).json();
                assertThat(known.get("state").asText()).isEqualTo("ACTIVE");
                assertThat(known.get("openOrders").asLong()).isZero();
                assertThat(known.get("replicas").asLong()).isEqualTo(wanted.size());
            }
        });
        Eventually.holds(Duration.ZERO, () -> {
            for (Entries.Entry entry : entries()) {
                Path source = Objects.requireNonNull(sources.get(entry.key().value()), entry.key().value());
                assertThat(Objects.requireNonNull(entry.replicas())).as("replicas of " + entry.key()).isNotEmpty();
                for (Entries.Replica replica : entry.replicas()) {
                    assertThat(replica.state()).isEqualTo(Entries.ReplicaState.LIVE);
                    Path image = scratch.resolve(replica.hostId().value()).resolve("images").resolve(replica.replicaId().toString());
                    assertThat(TreePicture.of(image)).as(image + " against " + source).isEqualTo(TreePicture.of(source));
                }
            }
        });
    }

    /** Every eviction of the registry was told as a fact, and nothing else was. */
    void assertFactsTold() throws IOException {
        try (EvictionFacts facts = new EvictionFacts(addresses.kafka())) {
            Eventually.holds(Eventually.HANG, () -> {
                Map<String, String> expected =
                        evictions("closed").stream().collect(Collectors.toMap(each -> each.id().toString(), each -> each.key().value()));
                assertThat(facts.readMore()).isEqualTo(expected);
            });
        }
    }

    static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> listed = Files.list(directory)) {
            return listed.map(child -> child.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Returns the output of every process, for the message of a failure. */
    String logs() {
        return running.entrySet()
                .stream()
                .map(each -> "---- " + each.getKey() + "\n" + each.getValue().text())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        running.values().forEach(SpillwayProcess::close);
        closeServers.run();
    }
}
