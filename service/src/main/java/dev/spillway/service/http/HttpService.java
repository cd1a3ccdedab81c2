package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import dev.spillway.service.settings.HostPort;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the routes of a service and the paths that every service has: {@code /livez}, {@code /readyz}, {@code /metrics},
 * {@code /openapi.yaml}. Has its own Vert.x instance. Thread-safe.
 */
public final class HttpService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);
    private static final Duration LISTEN_WITHIN = Duration.ofSeconds(10);
    private static final Duration LAST_MOMENT = Duration.ofSeconds(2);

    /**
     * What to serve and where.
     *
     * @param name of the service, for messages, threads, and clients that ask the wrong one
     * @param address loopback only; port 0 for any that is free
     * @param socket path of a Unix domain socket, if there should be one
     * @param json writes answers and reads bodies, refusing unknown fields
     * @param openApiResource absolute name of the classpath resource that describes the service
     */
    public record Options(String name, HostPort address, Optional<Path> socket, HttpLimits limits, List<Route> routes, Readiness readiness,
            ServiceMetrics metrics,
            ObjectMapper json, Optional<String> openApiResource) {
        public Options {
            routes = List.copyOf(routes);
        }
    }

    private final Options options;
    private final Vertx vertx;
    private final ExecutorService threads;
    private final Shared shared;
    private final List<HttpServer> servers = new ArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private @Nullable SocketFile socketFile;
    private HostPort address;

    private HttpService(Options options) throws IOException {
        this.options = options;
        this.address = options.address();
        // The caches of the file system are off so that no folder is made in the system's temporary folder.
        this.vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        this.threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(options.name() + "-http-", 0).factory());
        var limits = options.limits();
        var routes = new ArrayList<>(options.routes());
        routes.addAll(ownRoutes());
        this.shared = new Shared(options.name(), vertx, new RouteTable(routes), options.json(), limits,
                new Gate(limits.workingMax(), limits.waitingMax()),
                new Gate(limits.streamsMax(), 0), threads, ConcurrentHashMap.newKeySet(), options.metrics().registry());
        options.metrics().registry().gauge("http.server.requests.inside", shared.requests(), Gate::inside);
        options.metrics().registry().gauge("http.server.streams.open", shared.streams(), Gate::inside);
    }

    /**
     * Starts to listen.
     *
     * @throws IOException with a message for people, when an address is not loopback, in use, or cannot be listened on
     */
    public static HttpService start(Options options) throws IOException, InterruptedException {
        var loopback = requireLoopback(options.address());
        var service = new HttpService(options);
        try {
            service.listen(loopback);
            return service;
        } catch (IOException | InterruptedException | RuntimeException e) {
            service.close();
            throw e;
        }
    }

    /** Where it listens, with the port that the system chose if that was left to it. */
    public HostPort address() {
        return address;
    }

    private static InetAddress requireLoopback(HostPort address) throws IOException {
        try {
            for (var candidate : InetAddress.getAllByName(address.host())) {
                if (!candidate.isLoopbackAddress()) {
                    throw new IOException(
                            "listen: %s (expected: a loopback address such as 127.0.0.1; others are refused until there are access tokens)"
                                    .formatted(address));
                }
            }
            return InetAddress.getByName(address.host());
        } catch (UnknownHostException e) {
            throw new IOException("listen: %s (expected: a host name that can be resolved)".formatted(address), e);
        }
    }

    private void listen(InetAddress loopback) throws IOException, InterruptedException {
        var server =
                listen(SocketAddress.inetSocketAddress(options.address().port(), loopback.getHostAddress()), options.address().toString());
        address = new HostPort(options.address().host(), server.actualPort());
        if (options.socket().isPresent()) {
            var path = options.socket().get().toAbsolutePath();
            socketFile = SocketFile.prepare(path);
            listen(SocketAddress.domainSocketAddress(socketFile.binding().toString()), path.toString());
            socketFile.publish();
        }
        LOG.info("{}: listening on {}{}", options.name(), address, options.socket().map(path -> " and " + path).orElse(""));
    }

    private HttpServer listen(SocketAddress where, String shown) throws IOException, InterruptedException {
        var server = vertx.createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false)
                .setMaxInitialLineLength(HttpLimits.REQUEST_LINE_BYTES_MAX)
                .setMaxHeaderSize(HttpLimits.HEADER_BYTES_MAX)
                .setHandle100ContinueAutomatically(false)
                .setTcpNoDelay(true));
        server.requestHandler(request -> Exchange.begin(shared, request))
                .invalidRequestHandler(this::refuseMalformed)
                .connectionHandler(bounded(options.limits().connections()));
        try {
            await(server.listen(where), LISTEN_WITHIN);
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            var inUse = cause instanceof BindException && String.valueOf(cause.getMessage()).contains("in use");
            throw new IOException("listen: %s: %s (expected: an address of this machine that is free)".formatted(shown,
                    inUse ? "already in use" : cause.getMessage()), cause);
        } catch (TimeoutException e) {
            throw new IOException("listen: %s: nothing after %s".formatted(shown, LISTEN_WITHIN), e);
        }
        servers.add(server);
        return server;
    }

    /** Of one listener. */
    private static Handler<HttpConnection> bounded(HttpLimits.Connections limits) {
        var open = new AtomicInteger();
        return connection -> {
            if (!(connection instanceof HttpServerConnection served)) {
                return;
            }
            var vertx = served.channelHandlerContext();
            vertx.channel().closeFuture().addListener(closed -> open.decrementAndGet());
            if (open.incrementAndGet() > limits.max()) {
                var _ = vertx.close();
                return;
            }
            var times = new ConnectionTimes(limits);
            vertx.pipeline()
                    .addFirst("bytes read", times.new BytesRead())
                    .addBefore(vertx.name(), "connection times", times)
                    .addBefore(vertx.name(), "broken messages", new BrokenMessages());
        };
    }

    private void refuseMalformed(HttpServerRequest request) {
        var problem = switch (request.decoderResult().cause()) {
            case TooLongHttpLineException e -> Problems.pathTooLong(HttpLimits.REQUEST_LINE_BYTES_MAX);
            case TooLongHttpHeaderException e -> Problems.headersTooLarge(HttpLimits.HEADER_BYTES_MAX);
            case null, default -> Problems.malformedRequest();
        };
        request.response()
                .setStatusCode(problem.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE)
                .end(Buffer.buffer(problem.toJson().toString()))
                .onComplete(ended -> request.connection().close().onFailure(e -> LOG.debug("close: {}", e.toString())));
    }

    private List<Route> ownRoutes() throws IOException {
        var routes = new ArrayList<Route>();
        routes.add(Route.get("/livez", request -> Response.ok(Map.of("alive", true))).always());
        routes.add(Route.get("/readyz", request -> {
            var report = options.readiness().report();
            return Response.json(report.ready() ? 200 : 503, report);
        }).always());
        routes.add(Route.get("/metrics", request -> Response.bytes("text/plain; version=0.0.4; charset=utf-8",
                options.metrics().registry().scrape().getBytes(StandardCharsets.UTF_8))).always());
        if (options.openApiResource().isPresent()) {
            var text = resource(options.openApiResource().get());
            routes.add(Route.get("/openapi.yaml", request -> Response.bytes("application/yaml", text)).always());
        }
        return routes;
    }

    private static byte[] resource(String name) throws IOException {
        try (var stream = HttpService.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IOException("resource: " + name + " (expected: on the class path)");
            }
            return stream.readAllBytes();
        }
    }

    /**
     * Stops accepting, ends event streams, lets requests under way end within the limit, then breaks off what is left. Blocks until all is
     * closed. Later calls do nothing.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        threads.shutdown();
        shared.eventSources().forEach(Thread::interrupt);
        var within = options.limits().closeWithin();
        var closing = servers.stream().map(server -> server.shutdown(within)).toList();
        for (var server : closing) {
            closed("listener", () -> await(server, within.plus(LAST_MOMENT)));
        }
        threads.shutdownNow();
        closed("handlers", () -> {
            if (!threads.awaitTermination(LAST_MOMENT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new TimeoutException("a handler still runs, and is left behind");
            }
        });
        closed("event loops", () -> await(vertx.close(), LAST_MOMENT));
        var file = socketFile;
        if (file != null) {
            closed("socket", file::remove);
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException, ExecutionException, InterruptedException, TimeoutException;
    }

    private void closed(String part, Step step) {
        try {
            step.run();
        } catch (ExecutionException | TimeoutException | IOException e) {
            LOG.warn("{}: {} not closed cleanly: {}", options.name(), part, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(Future<?> future, Duration within) throws ExecutionException, InterruptedException, TimeoutException {
        future.toCompletionStage().toCompletableFuture().get(within.toMillis(), TimeUnit.MILLISECONDS);
    }
}
