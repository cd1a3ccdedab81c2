package dev.spillway.coordinator.app;

import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.http.Backlog;
import dev.spillway.coordinator.http.CoordinatorRoutes;
import dev.spillway.coordinator.http.TokenRoutes;
import dev.spillway.coordinator.http.Usage;
import dev.spillway.coordinator.identity.TokenStore;
import dev.spillway.coordinator.identity.TokensFile;
import dev.spillway.coordinator.kafka.Brokers;
import dev.spillway.coordinator.kafka.Publisher;
import dev.spillway.coordinator.kafka.ReportConsumer;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.registry.Registry;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.NativeLibraries;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.http.StaticPages;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One coordinator. It needs no others and keeps nothing of its own: any number of them serve one registry, and a process can hold several.
 * Thread-safe.
 */
public final class Coordinator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final Duration READY_WITHIN = Duration.ofSeconds(5);

    private final Lifecycle lifecycle;
    private final HttpService http;

    private Coordinator(Lifecycle lifecycle, HttpService http) {
        this.lifecycle = lifecycle;
        this.http = http;
    }

    /**
     * Waits for PostgreSQL and Kafka at the same time, and begins to serve once each has been reachable. Without the topics, the registry would write
     * orders that cannot be published. Blocks. A failed start leaves nothing running.
     *
     * @throws DependencyUnavailableException  naming each server that did not answer in time
     * @throws UnusableServerException if the database belongs to another version, or to something else
     * @throws java.io.IOException    if its address cannot be listened on, or native libraries cannot be loaded
     */
    public static Coordinator start(CoordinatorSettings settings) throws Exception {
        Lifecycle lifecycle = new Lifecycle("coordinator");
        try {
            return start(settings, lifecycle);
        } catch (Throwable e) {
            lifecycle.close();
            throw e;
        }
    }

    private static Coordinator start(CoordinatorSettings settings, Lifecycle lifecycle) throws Exception {
        LOG.info("coordinator settings:{}{}", System.lineSeparator(), settings.printed());
        NativeLibraries.load(settings.nativeFolders());
        TokensFile first = settings.tokensFile().isPresent() ? TokensFile.read(settings.tokensFile().get()) : TokensFile.none();
        RandomGenerator random = new SecureRandom();
        InstantSource clock = InstantSource.system();
        Tracing tracing = lifecycle.start(
                "tracing",
                () -> Tracing.of(settings.otlpEndpoint(), "spillway-coordinator", settings.listen().toString()));
        EvictionTrail trail = new EvictionTrail(tracing);
        ServiceMetrics serviceMetrics = lifecycle.start("metrics", ServiceMetrics::new);
        MeterRegistry metrics = serviceMetrics.registry();

        RequiredServers servers = RequiredServers.await(settings, lifecycle, random);
        Brokers brokers = servers.brokers();
        PostgresRegistry stored = servers.registry();
        stored.follow(trail);
        UsageStore usage = stored.usage();
        AccessLog accesses = lifecycle.start("accesses", () -> AccessLog.start(usage));
        stored.followAccesses(accesses);
        TransactionFigures.register(stored, metrics);
        PostgresRegistrySettings database = settings.database();
        CommandUses uses = new CommandUses(database.user());
        Registry registry = new MeteredRegistry(stored, metrics, uses);
        FleetFigures figures = new FleetFigures(metrics);
        EventWatch events = EventWatch.of(registry);
        FleetFigures.age(metrics, "spillway.events.oldest.age", "Age of the oldest event that cannot be read yet", events::age);

        TransactionWatch transactions = new TransactionWatch(stored.oldTransactions()::oldest);
        FleetFigures.age(
                metrics,
                "spillway.database.oldest.transaction.age",
                "Age of the oldest transaction that keeps old versions of the registry's rows",
                transactions::age);

        lifecycle.start(
                "upkeep",
                () -> UpkeepLoop.start(registry, () -> trim(stored), () -> {
                    figures.look(registry.queries());
                    transactions.look();
                }, events, settings.upkeep(), settings.trim(), clock, random));
        MessageSender sender = lifecycle.start("kafka producer", () -> new MessageSender(settings.kafka()));
        Publisher<?> facts =
                lifecycle.start("publishing facts", () -> Publisher.ofFacts(registry, brokers, sender, trail, metrics, random));
        Publisher<?> orders =
                lifecycle.start(
                        "publishing orders",
                        () -> Publisher.ofOrders(registry, stored.secret(), brokers, sender, trail, metrics, random));
        ReportConsumer reports =
                lifecycle.start(
                        "taking reports",
                        () -> ReportConsumer.start(registry, stored.secret(), settings.kafka(), trail, metrics, random));

        Readiness readiness = new Readiness(READY_WITHIN)
                .add("postgresql", new DatabaseCheck(registry, uses, database), () -> Duration.ZERO, transactions::remark)
                .add("kafka", brokers::requireUsable, () -> Duration.ZERO, brokers::remark)
                .add("facts", facts::requireWorking, figures::oldestFact)
                .add("orders", orders::requireWorking, figures::oldestOrder)
                .add("reports", reports::requireWorking)
                .add("events", events::requireReadable, events::age);
        Backlog backlog = new Backlog(figures::openOrders, settings.openOrdersMax());
        TokenStore tokens = stored.tokens();
        Identities identities = digest -> {
            Optional<Identity> found = first.find(digest);
            return found.isPresent() ? found : tokens.find(digest);
        };
        List<Endpoint> endpoints =
                Stream.concat(
                        CoordinatorRoutes.of(registry, backlog, new Usage(usage, accesses::store), stored.secret(), clock).stream(),
                        TokenRoutes.of(tokens, first, identities).stream())
                        .toList();
        HttpService http = lifecycle.start(
                "http",
                () -> HttpService.start(
                        new HttpService.Options(
                                "coordinator",
                                settings.listen(),
                                Optional.empty(),
                                settings.http(),
                                ServiceEndpoints.with(endpoints, readiness, serviceMetrics, Optional.of(CoordinatorRoutes.OPENAPI)),
                                CoordinatorRoutes::failure,
                                Optional.of(StaticPages.copied("coordinator", settings.nativeFolders())),
                                metrics,
                                settings.security(),
                                Optional.of(identities),
                                tracing)));
        if (settings.security().tls().isPresent()) {
            readiness.add("tls", () -> {}, () -> Duration.ZERO, () -> http.certificateRemark(clock.instant()));
        }
        lifecycle.start("readiness", () -> readiness.beforeStop(settings.http().stopDelay()));
        return new Coordinator(lifecycle, http);
    }

    private static void trim(PostgresRegistry registry) {
        LOG.debug("trimmed: {}", registry.upkeep().run());
    }

    /** Returns the address where it listens, with the port that the system chose if none was given. */
    public HostPort address() {
        return http.address();
    }

    /**
     * Stops accepting requests, waits for those under way, gives back what it claimed and did not send, and closes the connections. Each step has a
     * time limit; all together take tens of seconds at most.
     */
    @Override
    public void close() {
        lifecycle.close();
    }
}
