package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.LogThrottle;
import dev.spillway.service.identity.Identity;
import io.micrometer.core.instrument.Counter;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.ext.web.handler.PlatformHandler;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Mounts endpoints on a vertx-web router, and answers every failure as a problem. A refusal names what was wrong; a defect has an id under which the
 * cause is logged. The router's own decoding is not used, because it would map different keys to one path: it replaces bytes that are not UTF-8,
 * normalizes {@code %2E%2E}, and treats {@code k/} as {@code k}. Each endpoint is a route with a regular expression over the raw path.
 * {@link Request} decodes its parameters strictly and once.
 */
final class EndpointRouter {
    private static final Logger LOG = LoggerFactory.getLogger(EndpointRouter.class);

    /** Problems of message framing. After such a request, the beginning of the next one is unknown, so the connection is closed. */
    private static final Set<ProblemType> ENDING = Set.of(ProblemType.MALFORMED_REQUEST, ProblemType.UNSUPPORTED_TRANSFER_ENCODING);

    /** Number of checks per pause limit. A pause is noticed late by at most this fraction of the limit. */
    private static final int LOOKS_PER_PAUSE = 10;
    /**
     * Time limit of a whole body in memory, as a multiple of the pause limit. A client that sends a byte now and then never exceeds the pause limit,
     * but holds memory.
     */
    private static final int PAUSES_PER_BODY = 4;
    private static final Duration REFUSED_TOLD_EVERY = Duration.ofSeconds(10);

    private final HttpService.Options options;
    /** Endpoints with the patterns of their paths, in the order in which they are tried. */
    private final Map<Endpoint, Pattern> endpoints = new LinkedHashMap<>();
    private final Answers answers;
    private final ListenerConnections connections;
    private final Optional<Guard> guard;
    private final RequestSpans spans;
    private final LogThrottle refusedTold = new LogThrottle(REFUSED_TOLD_EVERY);

    EndpointRouter(
            HttpService.Options options,
            List<Endpoint> endpoints,
            Answers answers,
            ListenerConnections connections,
            Optional<Guard> guard) {
        this.options = options;
        this.guard = guard;
        this.spans = new RequestSpans(options.tracing());
        this.answers = answers;
        this.connections = connections;
        // Routes are tried in order. The most frequent ones come first, together with paths that have a literal where these have a parameter; reads
        // come before changes. A brace sorts after every letter, so a literal is tried before a parameter.
        List<Pattern> asked = endpoints.stream().filter(each -> each.immediate() != null).map(each -> each.operation().form()).toList();
        endpoints.stream()
                .sorted(
                        Comparator
                                .comparing(
                                        (Endpoint endpoint) -> asked.stream()
                                                .noneMatch(form -> form.matcher(endpoint.operation().template()).matches()))
                                .thenComparing(endpoint -> !endpoint.operation().method().equals("GET"))
                                .thenComparing(endpoint -> endpoint.operation().template()))
                .forEach(endpoint -> this.endpoints.put(endpoint, endpoint.operation().form()));
    }

    Router router(Vertx vertx) {
        var router = Router.router(vertx);
        options.pages().ifPresent(pages -> pages.mount(router, this::requireFit));
        endpoints.forEach((endpoint, path) -> mount(router, endpoint, path));
        router.route().handler(this::nothingHere).failureHandler(this::failed);
        return router;
    }

    private void mount(Router router, Endpoint endpoint, Pattern path) {
        var operation = endpoint.operation();
        var gather = BodyHandler.create(false);
        var route = router.routeWithRegex(HttpMethod.valueOf(operation.method()), path.pattern())
                .useNormalizedPath(false)
                .setName(operation.template());
        if (operation.method().equals("GET")) {
            route.method(HttpMethod.HEAD);
        }
        if (options.tracing().isOn() && endpoint.bounded()) {
            // vertx-web runs a PlatformHandler before the guard, so refused requests have a span, too.
            PlatformHandler begin = context -> {
                spans.begin(context, operation);
                context.next();
            };
            route.handler(begin);
        }
        boolean guarded = guard.isPresent() && !operation.roles().isEmpty();
        if (guarded) {
            route.handler(guard.get().handler(operation));
        }
        route.handler(context -> {
            requireFit(context.request());
            var request = new Request(context, endpoint, options.limits());
            if (guarded) {
                Guard.require(context, request);
            }
            if (request.isStreamed() || request.mediaType().isEmpty()) {
                context.next();
            } else {
                requireProgress(context, 0, 0, 1);
                gather.setBodyLimit(request.jsonBytesMax()).handle(context);
            }
        }).handler(context -> dispatch(endpoint, context));
    }

    private void requireFit(HttpServerRequest request) {
        misframed(request).or(() -> WebPages.refused(request, guard.isPresent())).ifPresent(problem -> {
            throw problem.exception();
        });
    }

    /**
     * Checks the headers that determine where a request ends, as far as the server does not (RFC 9112, sections 3.2 and 6.1). Returns the problem, if
     * any.
     */
    private static Optional<Problem> misframed(HttpServerRequest request) {
        var encodings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
        if (!encodings.isEmpty() && !(encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked"))) {
            return Optional.of(
                    Problem.of(
                            ProblemType.UNSUPPORTED_TRANSFER_ENCODING,
                            "Transfer-Encoding: %s (expected: chunked, once)".formatted(Problem.shown(String.join(", ", encodings)))));
        }
        int hosts = request.headers().getAll(HttpHeaders.HOST).size();
        return hosts > 1 ? Optional.of(Problem.of(ProblemType.MALFORMED_REQUEST, "Host: " + hosts + " (expected: one)")) : Optional.empty();
    }

    /** Fails a request whose body makes no progress for too long, or takes too long as a whole. BodyHandler has no timeout. */
    private void requireProgress(RoutingContext context, long receivedBefore, int unchanged, int looks) {
        var request = context.request();
        context.vertx().setTimer(Math.max(1, options.limits().pauseMax().toMillis() / LOOKS_PER_PAUSE), late -> {
            if (request.isEnded() || context.response().ended() || context.response().closed()) {
                return;
            }
            long received = request.bytesRead();
            if (looks >= LOOKS_PER_PAUSE * PAUSES_PER_BODY) {
                context.fail(BodyStream.slow(options.limits().pauseMax().multipliedBy(PAUSES_PER_BODY)).exception());
            } else if (received > receivedBefore) {
                requireProgress(context, received, 0, looks + 1);
            } else if (unchanged + 1 < LOOKS_PER_PAUSE) {
                requireProgress(context, received, unchanged + 1, looks + 1);
            } else {
                context.fail(BodyStream.paused(options.limits().pauseMax()).exception());
            }
        });
    }

    private void dispatch(Endpoint endpoint, RoutingContext context) {
        var request = Request.of(context);
        try {
            var immediate = endpoint.immediate();
            var answer = immediate == null ? Optional.<Response>empty() : immediate.handle(request);
            if (answer.isPresent()) {
                answers.send(context, answer.get());
            } else {
                answers.run(context, endpoint, request);
            }
        } catch (Exception e) {
            context.fail(e);
        }
    }

    /** Answers 405 with the methods of the path, or 404. It names the service, because an unknown path is often a request to the wrong service. */
    private void nothingHere(RoutingContext context) {
        requireFit(context.request());
        var path = Objects.requireNonNullElse(context.request().path(), "");
        var allowed = endpoints.keySet()
                .stream()
                .filter(endpoint -> Objects.requireNonNull(endpoints.get(endpoint)).matcher(path).matches())
                .map(endpoint -> endpoint.operation().method())
                .flatMap(method -> method.equals("GET") ? Stream.of("GET", "HEAD") : Stream.of(method))
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        if (allowed.isEmpty()) {
            throw Problem.of(
                    ProblemType.UNKNOWN_PATH,
                    "path: " + Problem.shown(path) + " (expected: a path of " + options.name() + ", see /openapi.yaml)")
                    .with("service", options.name())
                    .exception();
        }
        answers.problem(
                context,
                Problem.of(
                        ProblemType.METHOD_NOT_ALLOWED,
                        "method: %s (expected: %s)".formatted(context.request().method().name(), allowed)),
                Map.of("Allow", allowed));
    }

    private void failed(RoutingContext context) {
        var response = context.response();
        var what = context.request().method() + " " + context.request().path();
        boolean gone = response.closed() || context.failure() instanceof ClientGoneException;
        if (gone || response.headWritten()) {
            if (gone) {
                about(context, Level.DEBUG).log("{}: {}", what, String.valueOf(context.failure()));
            } else if (!response.ended()) {
                about(context, Level.WARN).log("{}: broken off in the middle of the body: {}", what, String.valueOf(context.failure()));
            }
            if (!response.ended()) {
                response.reset().onFailure(cause -> LOG.debug("{}: {}", what, cause.toString()));
            }
            return;
        }
        var problem = problem(what, context);
        if (problem.type() == ProblemType.UNAUTHENTICATED || problem.type() == ProblemType.FORBIDDEN) {
            refused(context, problem);
        }
        boolean ending = ENDING.contains(problem.type());
        var headers = new HashMap<CharSequence, CharSequence>();
        if (ending) {
            headers.put(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        if (problem.type() == ProblemType.UNAUTHENTICATED) {
            headers.put("WWW-Authenticate", Guard.CHALLENGE);
        }
        answers.problem(context, problem, headers);
        if (ending) {
            connections.takeNoMore(context.request().connection());
        }
    }

    /** Counts refused requests, and logs some of them: with the caller's name if known, otherwise with the address, and never with the token. */
    private void refused(RoutingContext context, Problem problem) {
        Counter.builder("spillway.requests.refused")
                .description("Requests that were not let in, because nobody known asked, or it is not allowed to who asked")
                .tag("status", String.valueOf(problem.status()))
                .register(options.metrics())
                .increment();
        var address = context.request().remoteAddress();
        var caller = Guard.identity(context).map(Identity::name).orElse(address == null ? "a socket" : address.hostAddress());
        refusedTold.log(
                more -> about(context, Level.WARN).log(
                        "{} of {}: {} {}; {} more were refused since the last such line",
                        operation(context),
                        caller,
                        problem.status(),
                        problem.detail(),
                        more));
    }

    /** Returns the requested operation, without the values of its path. */
    private String operation(RoutingContext context) {
        var method = context.request().method().name().replace("HEAD", "GET");
        var path = Objects.requireNonNullElse(context.request().path(), "");
        return endpoints.entrySet()
                .stream()
                .filter(each -> each.getKey().operation().method().equals(method) && each.getValue().matcher(path).matches())
                .map(each -> each.getKey().operation().toString())
                .findFirst()
                .orElse("no operation");
    }

    private static LoggingEventBuilder about(RoutingContext context, Level level) {
        return LOG.atLevel(level).addKeyValue("request", RequestIds.of(context.response()));
    }

    private Problem problem(String what, RoutingContext context) {
        // The authentication handler wraps the exception.
        return switch (context.failure() instanceof HttpException wrapped && wrapped.getCause() != null ? wrapped.getCause()
                : context.failure()) {
            case ProblemException refused -> refused.problem();
            case InvalidValueException refused -> Problem.invalid(String.valueOf(refused.getMessage()));
            case InterruptedException _ -> Answers.stopping();
            case null -> switch (context.statusCode()) {
                case 413 -> BodyStream.tooLarge(Request.of(context).jsonBytesMax());
                case 417 -> Problem.of(ProblemType.MALFORMED_REQUEST, "Expect: not understood (expected: 100-continue)").status(417);
                default -> misframed(context.request())
                        .orElseGet(() -> Problem.of(ProblemType.MALFORMED_PATH, what + ": it begins with no slash"));
            };
            // The router fails invalid requests with 400, and BodyHandler fails a body with malformed chunks with 200 or 400.
            case Throwable failure when context.statusCode() == 200 || context.statusCode() == 400 ->
                    Problem.of(
                            ProblemType.MALFORMED_REQUEST,
                            "request: %s (expected: HTTP 1.1 with one Host, and a body of its Content-Length or in whole chunks)"
                                    .formatted(Problem.shown(String.valueOf(failure.getMessage()))));
            case Throwable failure -> options.failures().apply(failure).orElseGet(() -> {
                var errorId = UUID.randomUUID().toString();
                about(context, Level.ERROR).setCause(failure).log("{}: error id {}", what, errorId);
                return Problem.of(ProblemType.INTERNAL_ERROR, "the log of the service has the cause under error id " + errorId)
                        .with("errorId", errorId);
            });
        };
    }
}
