package dev.spillway.worker.app;

import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.service.Backoff;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.NativeLibraries;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.http.StaticPages;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.ccache.HelperRequests;
import dev.spillway.worker.ccache.HelperSocket;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.store.StoreProbe;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostPorts;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.KeyedRequests;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.host.Recovery;
import dev.spillway.worker.host.Removals;
import dev.spillway.worker.host.ReplicaIds;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.Prunes;
import dev.spillway.worker.host.directory.TreeFetches;
import dev.spillway.worker.host.directory.TreePuts;
import dev.spillway.worker.host.pager.HostPagers;
import dev.spillway.worker.http.WorkerRoutes;
import dev.spillway.worker.kafka.KafkaReach;
import dev.spillway.worker.kafka.OrderReader;
import dev.spillway.worker.kafka.ReportSender;
import dev.spillway.worker.registry.Peers;
import dev.spillway.worker.registry.RegistryClient;
import dev.spillway.worker.registry.RegistryIdentities;
import dev.spillway.worker.rocksdb.RocksIndex;
import dev.spillway.worker.trail.HostTrail;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One host's worker. It starts also while the registry and Kafka are down, serves what it holds, and joins when the registry answers. A worker whose
 * store never joined gives up after a time without an answer. Several may run in one process, each with a store of its own.
 */
public final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final String INDEX = "index";
    private static final String ARTIFACTS = "artifacts";
    private static final String CCACHE_SOCKET = "ccache.sock";
    /** The folder for unpacked native libraries, beside that of RocksDB. */
    private static final String NATIVE = "native";
    private static final Duration PEER_CONNECT = Duration.ofSeconds(1);
    private static final Duration PEER_WITHIN = Duration.ofSeconds(3);
    private static final Duration READY_WITHIN = Duration.ofSeconds(3);
    private static final Backoff ORDERS = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));

    private final WorkerSettings settings;
    private final Consumer<Throwable> onFailure;
    private final InstantSource clock = new SteadyClock();
    /** Used by the host's thread alone. */
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final Lifecycle parts;
    private final AtomicReference<@Nullable OrderReader> reader = new AtomicReference<>();
    private final AtomicReference<@Nullable HostLoop> host = new AtomicReference<>();
    private final AtomicReference<HostPort> address;

    private Worker(WorkerSettings settings, Consumer<Throwable> onFailure) {
        this.settings = settings;
        this.onFailure = onFailure;
        this.parts = new Lifecycle("worker " + settings.hostId());
        this.address = new AtomicReference<>(settings.listen());
    }

    /**
     * Opens the store, compares it with its index, listens and begins to join. If this fails, it closes all parts that it has started.
     *
     * @param onFailure told when the worker cannot go on, because its index cannot be written, its store is gone, or no registry answered a store
     *                  that never joined; the process should then end
     * @throws IOException when the store is in use, the index damaged, the address taken, or native libraries cannot be loaded
     */
    public static Worker start(WorkerSettings settings, Consumer<Throwable> onFailure) throws Exception {
        Worker worker = new Worker(settings, onFailure);
        worker.start();
        return worker;
    }

    /**
     * Opens the store of a worker that is not started yet, made if it is missing, and closes it again.
     *
     * @throws IOException why {@link #start} could not use it
     */
    public static void requireStore(WorkerSettings settings) throws IOException, InterruptedException {
        open(settings).close();
    }

    private static ImageStore open(WorkerSettings settings) throws IOException, InterruptedException {
        return ImageStore.open(settings.data(), settings.minFreeBytes(), settings.ignoreTrusted());
    }

    /** Waits until the registry has taken this host for the first time since the start. */
    public void awaitJoined() throws InterruptedException {
        Objects.requireNonNull(host.get(), "started").awaitJoined();
    }

    /** Returns why the registry refuses this host now, and what to do; empty if it does not refuse it. */
    public Optional<String> refusal() {
        return Optional.ofNullable(Objects.requireNonNull(host.get(), "started").view().status().refusal());
    }

    /** Returns the address where HTTP listens. */
    public HostPort address() {
        return address.get();
    }

    private void start() throws Exception {
        Tracing tracing =
                parts.start("tracing", () -> Tracing.of(settings.otlpEndpoint(), "spillway-worker", settings.hostId().value()));
        HostTrail trail = new HostTrail(tracing);
        ImageStore store = parts.start("store", () -> open(settings));
        if (!store.seesTrustedAttributes() && !settings.ignoreTrusted()) {
            LOG.warn(
                    "trusted.* attributes of sources are not seen, so images lack them, and a move that copies leaves its source "
                            + "(expected: CAP_SYS_ADMIN, or the setting ignore-trusted)");
        }
        NativeLibraries.load(List.of(store.path().resolve(NATIVE)));
        StoreId storeId = StoreId.parse(store.storeId());
        ArtifactImages artifacts =
                parts.start("artifacts", () -> ArtifactImages.open(store.path().resolve(ARTIFACTS), settings.artifacts()));
        boolean isNew = store.ids(StoreArea.IMAGES).isEmpty() && artifacts.metrics().entries() == 0;
        RocksIndex index = parts.start("index", () -> RocksIndex.open(store.path().resolve(INDEX), storeId, isNew));
        IndexContents contents = index.load();
        Recovery recovery = Recovery.of(store, artifacts, contents);
        RegistryClient registry = parts.start(
                "registry",
                () -> new RegistryClient(
                        settings.coordinators(),
                        settings.registryConnectTimeout(),
                        settings.registryTimeout(),
                        settings.identity().registry()));
        Peers peers =
                parts.start("peers", () -> new Peers(settings.hostId(), PEER_CONNECT, PEER_WITHIN, settings.identity().peers()));
        StoreWatch watch = parts.start("store watch", () -> StoreWatch.start(store.probe(), onFailure));
        ReportSender reports =
                parts.start("reports", () -> new ReportSender(settings.kafka(), settings.hostId(), registry::messageKey, clock, trail));
        HostLoop loop = parts.start(
                "host",
                () -> new HostLoop(
                        new HostLoop.Parts(
                                index,
                                contents,
                                recovery,
                                HostTimes.DEFAULTS.withRequestsKept(settings.requestsKept()),
                                clock,
                                random,
                                new HostPorts(
                                        message -> trail.during(message, () -> registry.send(message)),
                                        reports::publish,
                                        this::follow),
                                store,
                                artifacts,
                                new Removals.Unlinking(
                                        settings.unlinksAtOnce(),
                                        UnlinkPace.of(settings.unlinkRates(), store::isShortOfSpace)),
                                trail,
                                onFailure)));
        host.set(loop);
        ServiceMetrics metrics = parts.start("metrics", ServiceMetrics::new);
        OrderReader orders =
                parts.start(
                        "orders",
                        () -> new OrderReader(
                                settings.kafka(),
                                settings.hostId(),
                                storeId,
                                registry::messageKey,
                                sink(loop),
                                ORDERS,
                                trail,
                                metrics.registry()));
        reader.set(orders);
        new HostFiguresMeter(loop, reports, orders).bindTo(metrics.registry());
        KafkaReach kafka = parts.start("kafka", () -> new KafkaReach(settings.kafka()));
        Policies policies = new Policies(loop.view(), registry);
        ReplicaIds ids = new ReplicaIds(clock);
        HostArtifacts cache = new HostArtifacts(loop, artifacts, store, policies, clock, ids, settings.putDeadline(), registry, peers);
        new ArtifactMeter(cache).bindTo(metrics.registry());
        KeyedRequests keys = new KeyedRequests(settings.putDeadline());
        TreePuts puts = new TreePuts(
                loop,
                store,
                new AllowedSources(settings.allowedSources()),
                policies,
                clock,
                ids,
                keys,
                settings.putDeadline(),
                new TreePuts.AtOnce(settings.putsAtOnce(), settings.uploadsAtOnce()));
        new ArchiveLossesMeter(puts).bindTo(metrics.registry());
        TreeFetches fetches = new TreeFetches(loop.view(), registry, peers, puts, settings.fetchesAtOnce(), settings.putDeadline());
        Directories directories =
                new Directories(loop, store, registry, policies, fetches, clock, settings.archiveHold(), settings.holdsMax());
        new TreeFetchMeter(fetches, directories).bindTo(metrics.registry());
        Deletions deletions = new Deletions(loop, registry, policies, keys);
        HostPagers pagers = parts.start(
                "pagers",
                () -> HostPagers.open(
                        settings.pagers(),
                        storeId,
                        new HostPagers.Host(loop, store, directories, puts),
                        new PagerMeter(metrics.registry())));
        WorkerRoutes.Host routes =
                new WorkerRoutes.Host(
                        settings.hostId(),
                        storeId,
                        () -> settings.identity().address(address()),
                        loop.view(),
                        directories,
                        puts,
                        cache,
                        pagers,
                        deletions,
                        new Prunes(loop.view(), registry, policies),
                        store,
                        clock,
                        settings.holdMax(),
                        settings.uploadPace(),
                        watch::gone);
        Readiness readiness = readiness(loop, store.probe(), kafka, orders, reports);
        HttpService http = parts.start(
                "http",
                () -> HttpService.start(options(routes, readiness, metrics, new RegistryIdentities(registry, clock), tracing)));
        address.set(http.address());
        if (settings.identity().listener().tls().isPresent()) {
            readiness.add("tls", () -> {}, () -> Duration.ZERO, () -> http.certificateRemark(clock.instant()));
        }
        if (settings.ccacheNamespace().isPresent()) {
            HelperRequests requests = new HelperRequests(settings.ccacheNamespace().get(), cache, deletions, watch::gone);
            parts.start("ccache", () -> HelperSocket.start(store.path().resolve(CCACHE_SOCKET), requests));
        }
        loop.start(new HostIdentity(settings.hostId(), storeId, settings.identity().address(http.address()), UUID.randomUUID()));
        if (contents.membership().registryId() == null) {
            parts.start("start limit", () -> new StartLimit(settings.coordinators(), settings.startupTimeout(), loop, onFailure));
        }
        parts.start("readiness", () -> readiness.beforeStop(settings.http().stopDelay()));
    }

    private void follow(int partition, long nextOffset) {
        OrderReader current = reader.get();
        if (current == null) {
            throw new IllegalStateException("orders of partition " + partition + " (expected: to be followed once the host is started)");
        }
        current.follow(partition, nextOffset);
    }

    private HttpService.Options options(
            WorkerRoutes.Host routes,
            Readiness readiness,
            ServiceMetrics metrics,
            Identities identities,
            Tracing tracing) throws IOException {
        return new HttpService.Options(
                "worker-" + settings.hostId(),
                settings.listen(),
                Optional.of(settings.socketOf(routes.store().path())),
                settings.http(),
                ServiceEndpoints.with(WorkerRoutes.of(routes), readiness, metrics, Optional.of(WorkerRoutes.OPEN_API)),
                WorkerRoutes::failure,
                Optional.of(StaticPages.copied("worker", List.of(routes.store().path().resolve(NATIVE)))),
                metrics.registry(),
                settings.identity().listener(),
                Optional.of(identities),
                tracing);
    }

    private static Readiness readiness(HostLoop loop, StoreProbe probe, KafkaReach kafka, OrderReader orders, ReportSender reports) {
        return new Readiness(READY_WITHIN).add("index", () -> {
            Throwable failure = loop.failure();
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
        }).add("store", probe::check).add("registry", () -> {
            HostView.Status status = loop.view().status();
            Optional<String> why =
                    status.unavailable().map(HostView.RegistryUnavailable::why).or(() -> Optional.ofNullable(status.unreachable()));
            if (why.isPresent()) {
                throw new IOException(why.get());
            }
            if (loop.view().membership().suspended()) {
                throw new IOException(
                        "serves nothing until it is compared with the registry, because it was retired or its store is an older copy");
            }
        }).add("kafka", () -> {
            kafka.check(orders.followed());
            orders.requireWorking();
            reports.requireWorking();
        });
    }

    private static OrderReader.Sink sink(HostLoop loop) {
        return new OrderReader.Sink() {
            @Override
            public void ordered(Order order, OrderPosition read) throws InterruptedException {
                loop.ordered(order, read);
            }

            @Override
            public void passedOver(OrderPosition read, @Nullable ReplicaId notUnderstood, String why) throws InterruptedException {
                loop.passedOver(read, notUnderstood, why);
            }

            @Override
            public void missed() throws InterruptedException {
                loop.reconcileSoon();
            }
        };
    }

    /** Stops listening, waits within limits for requests under way, and closes the store. */
    @Override
    public void close() {
        parts.close();
    }
}
