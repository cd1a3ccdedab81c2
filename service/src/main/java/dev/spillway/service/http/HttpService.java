package dev.spillway.service.http;

import dev.spillway.api.CommonApi;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.service.SocketFile;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.soabase.recordbuilder.core.RecordBuilder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the endpoints of a service over TCP and optionally a Unix socket. Has its own Vert.x instance. Vert.x itself answers malformed HTTP, with
 * the status alone. Thread-safe.
 */
public final class HttpService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);
    private static final Duration LISTEN_WITHIN = Duration.ofSeconds(10);
    private static final Duration LAST_MOMENT = Duration.ofSeconds(2);
    /** Room for a request line with two keys of 1,024 bytes, each byte percent-encoded. */
    private static final int REQUEST_LINE_BYTES_MAX = 16 * 1024;
    private static final int HEADER_BYTES_MAX = 16 * 1024;
    /** Methods with a metric of their own. All others are counted as {@code other}, because each invented method would add a time series. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PROPFIND", "MKCOL");

    private static final Set<Operation> HEALTH = Set.of(CommonApi.LIVENESS, CommonApi.READINESS);

    /**
     * Options of a service: its address, and what it serves.
     *
     * @param name name of the service, for messages, threads, and answers to clients that asked the wrong service
     * @param address address to listen on; port 0 for any free port
     * @param socket path of a Unix domain socket; empty for none
     * @param endpoints creates the endpoints for a Vert.x instance
     * @param failures maps the service's own exceptions to problems; empty for a defect
     * @param pages web pages for people; absent for none
     * @param metrics registry in which requests are counted
     * @param security proofs that the address requires
     * @param identities finds the holders of tokens; absent if tokens are never required
     * @param tracing makes a span of each request
     */
    @RecordBuilder
    public record Options(
            String name,
            HostPort address,
            Optional<Path> socket,
            HttpLimits limits,
            Function<Vertx, List<Endpoint>> endpoints,
            Function<Throwable, Optional<Problem>> failures,
            Optional<StaticPages> pages,
            MeterRegistry metrics,
            ListenerSecurity security,
            Optional<Identities> identities,
            Tracing tracing)
            implements HttpServiceOptionsBuilder.With {
        /** Creates options of a service on loopback that requires no proof. */
        public Options(
                String name,
                HostPort address,
                Optional<Path> socket,
                HttpLimits limits,
                Function<Vertx, List<Endpoint>> endpoints,
                Function<Throwable, Optional<Problem>> failures,
                Optional<StaticPages> pages,
                MeterRegistry metrics) {
            this(
                    name,
                    address,
                    socket,
                    limits,
                    endpoints,
                    failures,
                    pages,
                    metrics,
                    ListenerSecurity.NONE,
                    Optional.empty(),
                    Tracing.off());
        }
    }

    private final Options options;
    private final Vertx vertx;
    private final ExecutorService threads;
    private final Answers answers;
    private final List<HttpServer> servers = new ArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private @Nullable SocketFile socketFile;
    private long renewal = -1;
    private volatile @Nullable ServerTls serverTls;
    private HostPort address;

    private HttpService(Options options) {
        this.options = options;
        this.address = options.address();
        var measured = new MicrometerMetricsOptions().setEnabled(true)
                // Without a unique name, all services of a process would share the registry of the first one.
                .setRegistryName(options.name() + "-" + UUID.randomUUID())
                .setDisabledMetricsCategories(
                        Arrays.stream(MetricsDomain.values())
                                .filter(domain -> domain != MetricsDomain.HTTP_SERVER)
                                .map(MetricsDomain::toCategory)
                                .collect(Collectors.toSet()))
                .setLabels(Set.of(Label.HTTP_ROUTE, Label.HTTP_CODE))
                .setServerRequestTagsProvider(
                        request -> List
                                .of(Tag.of("method", METHODS.contains(request.method().name()) ? request.method().name() : "other")));
        // Pages are copied to a folder of the service, so that Vert.x creates no cache in the system's temporary folder.
        this.vertx = Vertx.builder()
                .with(
                        new VertxOptions().setEventLoopPoolSize(2)
                                .setWorkerPoolSize(1)
                                .setInternalBlockingPoolSize(1)
                                .setFileSystemOptions(
                                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false))
                                .setMetricsOptions(measured))
                .withMetrics(new MicrometerMetricsFactory(options.metrics()))
                .build();
        this.threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(options.name() + "-http-", 0).factory());
        this.answers = new Answers(threads, options.limits());
        Gauge.builder("http.server.requests.inside", answers, Answers::requestsInside)
                .description("Requests that a handler works on")
                .register(options.metrics());
        Gauge.builder("http.server.streams.open", answers, Answers::streamsOpen)
                .description("Answers that are being streamed")
                .register(options.metrics());
    }

    /**
     * Starts to listen.
     *
     * @throws IOException with a message for people, if an address is not safe, is in use, or cannot be listened on
     */
    public static HttpService start(Options options) throws IOException {
        var service = new HttpService(options);
        try {
            service.listen();
            return service;
        } catch (IOException | RuntimeException e) {
            service.close();
            throw e;
        }
    }

    /** Returns the address where it listens, with the port that the system chose if none was given. */
    public HostPort address() {
        return address;
    }

    /**
     * Returns a warning for operators if the certificate ends within 14 days. Empty otherwise, and without TLS. Does not block.
     *
     * @param now wall-clock time
     */
    public String certificateRemark(Instant now) {
        var served = serverTls;
        return served == null ? "" : served.remark(now);
    }

    private void listen() throws IOException {
        var security = options.security();
        security.requireSafe(address, options.identities());
        var tls = security.tls().isPresent() ? Optional.of(new ServerTls(security.tls().get())) : Optional.<ServerTls>empty();
        var guard = options.identities()
                .filter(_ -> security.asksAt(address))
                .map(
                        identities -> new Guard(
                                identities,
                                threads,
                                tls.filter(ServerTls::asksClients)
                                        .map(asking -> new HostCertificates(identities, asking::clients, security.trustDomain()))));
        var endpoints = Stream.concat(
                options.endpoints().apply(vertx).stream(),
                options.pages().stream().flatMap(_ -> StaticPages.endpoints().stream())).toList();
        var host = InetAddress.getByName(address.host()).getHostAddress();
        var server = listen(SocketAddress.inetSocketAddress(address.port(), host), address.toString(), endpoints, guard, tls);
        tls.ifPresent(served -> {
            renewal = served.renew(vertx, server, threads);
            serverTls = served;
            Gauge.builder("spillway.tls.certificate.expires.timestamp", () -> served.end().getEpochSecond())
                    .baseUnit("seconds")
                    .description("When the certificate that is served is over, in seconds since 1970")
                    .register(options.metrics());
        });
        address = new HostPort(address.host(), server.actualPort());
        if (security.health().isPresent()) {
            var health = security.health().get();
            listen(
                    SocketAddress.inetSocketAddress(health.port(), InetAddress.getByName(health.host()).getHostAddress()),
                    health.toString(),
                    endpoints.stream().filter(each -> HEALTH.contains(each.operation())).toList(),
                    Optional.empty(),
                    Optional.empty());
        }
        if (options.socket().isPresent()) {
            var path = options.socket().get().toAbsolutePath();
            socketFile = SocketFile.prepare(path);
            listen(
                    SocketAddress.domainSocketAddress(socketFile.binding().toString()),
                    path.toString(),
                    endpoints,
                    Optional.empty(),
                    Optional.empty());
            socketFile.publish();
        }
        LOG.info("{}: listening on {}{}", options.name(), address, options.socket().map(path -> " and " + path).orElse(""));
    }

    private HttpServer listen(SocketAddress where, String shown, List<Endpoint> endpoints, Optional<Guard> guard, Optional<ServerTls> tls)
            throws IOException {
        var connections = new ListenerConnections(vertx, options.limits());
        var router = new EndpointRouter(options, endpoints, answers, connections, guard).router(vertx);
        // Compression for web sockets is off, because there are none and its handler inspects each message.
        var serving = new HttpServerOptions().setHttp2ClearTextEnabled(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setTcpNoDelay(true);
        var server = vertx.createHttpServer(tls.isPresent() ? tls.get().with(serving) : serving);
        server.connectionHandler(connections::opened).requestHandler(request -> {
            RequestIds.give(request);
            if (connections.begin(request)) {
                router.handle(request);
            }
        });
        try {
            await(server.listen(where), LISTEN_WITHIN);
        } catch (CompletionException e) {
            var cause = Objects.requireNonNullElse(e.getCause(), e);
            var why = switch (cause) {
                case BindException used when String.valueOf(used.getMessage()).contains("in use") -> "already in use";
                case TimeoutException _ -> "nothing after " + LISTEN_WITHIN;
                default -> cause.getMessage();
            };
            throw new IOException("listen: %s: %s (expected: an address of this machine that is free)".formatted(shown, why), cause);
        }
        servers.add(server);
        return server;
    }

    /**
     * Stops accepting requests, which ends event streams. Waits for running requests within the limit, then aborts the rest. Blocks until all is
     * closed. Later calls do nothing.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        vertx.cancelTimer(renewal);
        threads.shutdown();
        var within = options.limits().closeWithin();
        closed("listeners", Future.join(servers.stream().map(server -> server.shutdown(within)).toList()), within.plus(LAST_MOMENT));
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(LAST_MOMENT.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("{}: a handler still runs, and is left behind", options.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closed("event loops", vertx.close(), LAST_MOMENT);
        try {
            if (socketFile != null) {
                socketFile.remove();
            }
        } catch (IOException e) {
            LOG.warn("{}: socket not closed cleanly: {}", options.name(), e.toString());
        }
    }

    private void closed(String part, Future<?> closing, Duration within) {
        try {
            await(closing, within);
        } catch (CompletionException e) {
            LOG.warn("{}: {} not closed cleanly: {}", options.name(), part, String.valueOf(e.getCause()));
        }
    }

    /** Waits for a future even if the caller is interrupted, because the wait is bounded. */
    private static void await(Future<?> future, Duration within) {
        future.toCompletionStage().toCompletableFuture().orTimeout(within.toMillis(), TimeUnit.MILLISECONDS).join();
    }
}
