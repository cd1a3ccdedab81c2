package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.InputTrustHandler;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Mounts endpoints on a vertx-web router. The router's own decoding is not used: it would replace bytes that are not UTF-8, normalise
 * {@code %2E%2E}, and take {@code k/} for {@code k}, so that two keys could meet. Each endpoint is a route by regular expression over the raw
 * path, whose parameters are decoded here, strictly and once.
 */
final class EndpointRouter {
    private final Router router;
    private final List<Mounted> mounted;
    private final Blocking blocking;
    private final ObjectMapper json;
    private final HttpLimits limits;
    private final Connections connections;

    /** @param parameters names of those in the path, by the segment in which they stand */
    private record Mounted(Endpoint endpoint, Pattern path, Map<Integer, String> parameters) {}

    private EndpointRouter(Vertx vertx, List<Endpoint> endpoints, Blocking blocking, ObjectMapper json, HttpLimits limits,
            Connections connections) {
        this.router = Router.router(vertx);
        this.blocking = blocking;
        this.json = json;
        this.limits = limits;
        this.connections = connections;
        // Routes are tried one after the other: first those that are asked for most. A brace sorts behind every letter, so a literal segment is
        // tried before a parameter in its place.
        this.mounted = endpoints.stream()
                .sorted(Comparator.comparing((Endpoint endpoint) -> endpoint.immediate() == null)
                        .thenComparing(endpoint -> endpoint.operation().template()))
                .map(EndpointRouter::mounted)
                .toList();
        requireReachable(mounted);
    }

    /** Builds the router of a service. {@code service} is the name that clients are told. */
    static Router of(String service, Vertx vertx, List<Endpoint> endpoints, Blocking blocking, ObjectMapper json, HttpLimits limits,
            Connections connections) {
        var routes = new EndpointRouter(vertx, endpoints, blocking, json, limits, connections);
        var router = routes.router;
        routes.mounted.forEach(routes::mount);
        router.route().failureHandler(new FailureHandler(blocking.answers(), connections));
        router.errorHandler(404, context -> blocking.answers()
                .problem(context, Problems.unknownPath(service, path(context)), Map.of()));
        router.errorHandler(405, routes::methodNotAllowed);
        return router;
    }

    /** Refuses a route that takes what one behind it was made for. */
    private static void requireReachable(List<Mounted> mounted) {
        for (int index = 0; index < mounted.size(); index++) {
            var operation = mounted.get(index).endpoint().operation();
            for (var before : mounted.subList(0, index)) {
                if (before.endpoint().operation().method().equals(operation.method())
                        && before.path().matcher(operation.template()).matches()) {
                    throw new IllegalArgumentException("operation: %s (expected: no other with this method and form, but there is %s)"
                            .formatted(operation, before.endpoint().operation()));
                }
            }
        }
    }

    private static Mounted mounted(Endpoint endpoint) {
        var template = endpoint.operation().template();
        var parameters = new LinkedHashMap<Integer, String>();
        var segments = template.split("/", -1);
        for (int index = 0; index < segments.length; index++) {
            if (isParameter(segments[index])) {
                parameters.put(index, segments[index].substring(1, segments[index].length() - 1));
            }
        }
        return new Mounted(endpoint, Pattern.compile(regex(template)), parameters);
    }

    private static boolean isParameter(String segment) {
        return segment.startsWith("{");
    }

    /** A segment ends at a slash alone, so a match that took too much is not tried again with less. */
    private static String regex(String template) {
        return Arrays.stream(template.split("/"))
                .map(segment -> isParameter(segment) ? "[^/]*+" : Pattern.quote(segment))
                .collect(Collectors.joining("/"));
    }

    private void mount(Mounted mount) {
        var endpoint = mount.endpoint();
        var method = HttpMethod.valueOf(endpoint.operation().method());
        Route route =
                router.routeWithRegex(method, mount.path().pattern()).useNormalizedPath(false).setName(endpoint.operation().template());
        if (method.equals(HttpMethod.GET)) {
            route.method(HttpMethod.HEAD);
        }
        route.handler((InputTrustHandler) context -> accept(mount, context));
        if (!endpoint.body().jsonTypes().isEmpty()) {
            var gather = BodyHandler.create(false).setBodyLimit(endpoint.body().jsonBytesMax(limits));
            route.handler(context -> {
                if (Request.of(context).isStreamed()) {
                    context.next();
                } else {
                    gather.handle(context);
                }
            });
        }
        route.handler(context -> dispatch(endpoint, context));
    }

    /** Checks everything that can be checked before the body arrives, which is paused until somebody wants it. */
    private void accept(Mounted mount, RoutingContext context) {
        var endpoint = mount.endpoint();
        var request = context.request();
        boolean hasBody = hasBody(request);
        if (hasBody) {
            request.pause();
            discardWhatIsLeft(context);
        }
        requireHttp(request);
        var body = endpoint.body();
        var mediaType = Problems.mediaType(Objects.requireNonNullElse(request.getHeader(HttpHeaders.CONTENT_TYPE), ""));
        boolean streamed = !mediaType.isEmpty() && !body.gathers(mediaType) && body.streams(mediaType);
        if (hasBody && body.isNone()) {
            throw Problems.unexpectedBody().exception();
        }
        if (hasBody && !streamed && !body.gathers(mediaType) && !body.streams(mediaType)) {
            throw Problems.unsupportedType(mediaType, body.expected()).exception();
        }
        streamed |= hasBody && !body.gathers(mediaType);
        if (streamed && contentLength(request) > body.streamedBytesMax()) {
            throw Problems.tooLarge(body.streamedBytesMax()).exception();
        }
        var stream = streamed ? new BodyStream(context, body.streamedBytesMax(), limits.pauseMax()) : null;
        var accepted = Request.accept(context, endpoint.operation(), parameters(mount, path(context)),
                Query.parse(request.query() == null ? "" : request.query(), endpoint.operation().query()),
                hasBody || streamed ? mediaType : "", json,
                body.jsonBytesMax(limits), stream);
        connections.begun(request.connection());
        context.addEndHandler(end -> {
            connections.ended(request.connection());
            if (end.failed()) {
                accepted.client().left();
            }
        });
        if (hasBody && !streamed) {
            requireProgress(context, -1);
        }
        context.next();
    }

    /** Also for a request that is refused before it is accepted: a body that stays paused would block its connection. */
    private static void discardWhatIsLeft(RoutingContext context) {
        var eventLoop = context.vertx().getOrCreateContext();
        context.addEndHandler(answered -> {
            if (answered.succeeded()) {
                eventLoop.runOnContext(ready -> UnreadBody.discard(context.vertx(), context.request()));
            }
        });
    }

    /** Checks what the server leaves unchecked and what decides where a request ends (RFC 9112, sections 3.2 and 6.1). */
    private static void requireHttp(HttpServerRequest request) {
        var encodings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
        if (!encodings.isEmpty() && !(encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked"))) {
            throw Problems.transferEncodingNotSupported(encodings).exception();
        }
        int hosts = request.headers().getAll(HttpHeaders.HOST).size();
        if (hosts > 1) {
            throw Problems.notOneHost(hosts).exception();
        }
    }

    private static String path(RoutingContext context) {
        return Objects.requireNonNullElse(context.request().path(), "");
    }

    private static boolean hasBody(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || contentLength(request) > 0;
    }

    private static long contentLength(HttpServerRequest request) {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        // The server has already refused a Content-Length that is no number.
        return length == null ? 0 : Long.parseLong(length);
    }

    private static Map<String, String> parameters(Mounted mount, String path) {
        Map<String, String> parameters = new LinkedHashMap<>();
        var segments = path.split("/", -1);
        mount.parameters().forEach((segment, name) -> {
            try {
                parameters.put(name, PathEncoding.decode(segments[segment]));
            } catch (IllegalArgumentException e) {
                throw Problems.malformedPath(name + ": " + e.getMessage()).exception();
            }
        });
        return parameters;
    }

    /** Ends a gathered body that makes no progress for too long. */
    private void requireProgress(RoutingContext context, long receivedBefore) {
        var request = context.request();
        context.vertx().setTimer(limits.pauseMax().toMillis(), late -> {
            if (request.isEnded() || context.response().ended() || context.response().closed()) {
                return;
            }
            long received = request.bytesRead();
            if (received == receivedBefore) {
                context.fail(Problems.requestTimeout(limits.pauseMax()).exception());
            } else {
                requireProgress(context, received);
            }
        });
    }

    private void dispatch(Endpoint endpoint, RoutingContext context) {
        var request = Request.of(context);
        var immediate = endpoint.immediate();
        if (immediate != null) {
            try {
                var answer = immediate.handle(request);
                if (answer.isPresent()) {
                    blocking.answers().send(context, answer.get());
                    return;
                }
            } catch (Exception e) {
                context.fail(e);
                return;
            }
        }
        blocking.run(context, endpoint, request);
    }

    private void methodNotAllowed(RoutingContext context) {
        var allowed = mounted.stream()
                .filter(mount -> mount.path().matcher(path(context)).matches())
                .map(mount -> mount.endpoint().operation().method())
                .flatMap(method -> method.equals("GET") ? Stream.of("GET", "HEAD") : Stream.of(method))
                .sorted()
                .distinct()
                .toList();
        Problem problem = Problems.methodNotAllowed(context.request().method().name(), allowed);
        blocking.answers().problem(context, problem, Map.of("Allow", String.join(", ", allowed)));
    }
}
