package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.json.IncomingJson;
import dev.spillway.api.json.UnreadableJsonException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request as a handler sees it: what a {@link RoutingContext} knows, with path and query decoded strictly and values read or refused by name.
 * Belongs to the handler's thread.
 */
public final class Request {
    private static final String KEY = Request.class.getName();
    private static final byte[] NOTHING = {};

    private final RoutingContext routing;
    private final Endpoint endpoint;
    private final ObjectMapper json;
    private final HttpLimits limits;
    private final Connections.Client client;
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private final Query query;
    private final String mediaType;
    private final @Nullable BodyStream stream;

    /**
     * Checks everything that can be checked before the body arrives, and is kept beside its routing context. Made on the event loop.
     *
     * @param names what the segments of the path are: a parameter's name in braces, or a literal
     */
    Request(RoutingContext routing, Endpoint endpoint, String[] names, ObjectMapper json, HttpLimits limits, Connections.Client client) {
        this.routing = routing;
        this.endpoint = endpoint;
        this.json = json;
        this.limits = limits;
        this.client = client;
        var request = routing.request();
        boolean hasBody = Connections.hasBody(request);
        var contentType = header("Content-Type").orElse("");
        var type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        boolean streamed = endpoint.streams(type) && (hasBody || !type.isEmpty());
        if (hasBody && !streamed) {
            requireJson(type);
        }
        if (streamed && Connections.contentLength(request) > endpoint.streamedBytesMax()) {
            throw Problems.tooLarge(endpoint.streamedBytesMax()).exception();
        }
        readParameters(names, request);
        this.query = new Query(Objects.requireNonNullElse(request.query(), ""), endpoint.operation().query());
        this.mediaType = hasBody || streamed ? type : "";
        this.stream = streamed ? new BodyStream(routing, endpoint.streamedBytesMax(), limits.pauseMax()) : null;
        routing.put(KEY, this);
    }

    private void requireJson(String type) {
        if (endpoint.mediaTypes().isEmpty()) {
            throw Problem.of(ProblemType.UNEXPECTED_BODY, "body: sent (expected: none)").exception();
        }
        if (!endpoint.gathers(type)) {
            throw Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Type: %s (expected: %s)"
                    .formatted(type.isEmpty() ? "missing" : Problems.shown(type), String.join(" or ", endpoint.mediaTypes()))).exception();
        }
        var encoding = header("Content-Encoding").orElse("identity");
        if (!encoding.equalsIgnoreCase("identity")) {
            throw Problem
                    .of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: %s (expected: identity)".formatted(Problems.shown(encoding)))
                    .exception();
        }
    }

    private void readParameters(String[] names, HttpServerRequest request) {
        var values = EndpointRouter.path(request).split("/", -1);
        for (int segment = 0; segment < names.length; segment++) {
            if (EndpointRouter.isParameter(names[segment])) {
                var name = names[segment].substring(1, names[segment].length() - 1);
                try {
                    parameters.put(name, PathEncoding.decode(values[segment]));
                } catch (IllegalArgumentException e) {
                    throw Problems.malformedPath(name + ": " + e.getMessage()).exception();
                }
            }
        }
    }

    /** The request of a routing context. */
    static Request of(RoutingContext routing) {
        return Objects.requireNonNull(routing.get(KEY), "request");
    }

    Connections.Client client() {
        return client;
    }

    /** Bound of its gathered body. */
    long jsonBytesMax() {
        return endpoint.jsonBytesMax() == 0 ? limits.bodyBytesMax() : endpoint.jsonBytesMax();
    }

    /**
     * Whether a GET is asked by HEAD. The answer has the status and the headers of a GET, its body is not sent, and whatever a GET changes
     * stays as it is.
     */
    public boolean isHead() {
        return routing.request().method().equals(HttpMethod.HEAD);
    }

    /** A parameter of the path, percent-decoded once; empty when the segment is. */
    public String parameter(String name) {
        return Objects.requireNonNull(parameters.get(name), () -> "parameter " + name + " of " + endpoint.operation());
    }

    /** A parameter as a value of the service's own kind; an {@link IllegalArgumentException} of its reader becomes 400 with its message. */
    public <T> T parameter(String name, Function<String, T> read) {
        return read(name, parameter(name), read);
    }

    public Query query() {
        return query;
    }

    /** A header that a request has at most once. */
    public Optional<String> header(String name) {
        var values = routing.request().headers().getAll(name);
        if (values.size() > 1) {
            throw Problem.invalid(name + ": given twice (expected: once)").exception();
        }
        return values.stream().findFirst();
    }

    /** Media type of the body in lower case, without parameters; empty when there is none. */
    public String mediaType() {
        return mediaType;
    }

    /** Whether a body of a streamed type was sent, so that {@link #stream} has it. */
    public boolean isStreamed() {
        return stream != null;
    }

    /** A gathered body as it was sent; empty without one. The array is the request's own. */
    public byte[] bytes() {
        var body = routing.body().buffer();
        return body == null ? NOTHING : body.getBytes();
    }

    /**
     * The body read by the service's mapper, which refuses unknown fields.
     *
     * @throws ProblemException 400 that names the field, its value and what was expected
     */
    public <T> T body(Class<T> type) {
        return body(type, json);
    }

    /** As {@link #body(Class)}, read by another mapper. */
    public <T> T body(Class<T> type, ObjectMapper mapper) {
        try {
            return IncomingJson.read(mapper, bytes(), type);
        } catch (UnreadableJsonException e) {
            throw Problem.of(switch (e.mistake()) {
                case MALFORMED -> ProblemType.MALFORMED_BODY;
                case UNKNOWN_FIELD -> ProblemType.UNKNOWN_FIELD;
                case INVALID_FIELD -> ProblemType.INVALID_VALUE;
            }, String.valueOf(e.getMessage())).exception();
        }
    }

    /**
     * The body as it arrives, for a body of a streamed type; the sender is slowed down to the speed of the reader. Over the route's bound,
     * or when the sender pauses too long, a read ends with a {@link ProblemException}; when the sender is gone, with an
     * {@link java.io.IOException}.
     */
    public InputStream stream() {
        return stream == null ? new ByteArrayInputStream(bytes()) : stream;
    }

    static <T> T read(String name, String text, Function<String, T> read) {
        try {
            return read.apply(text);
        } catch (IllegalArgumentException e) {
            var why = e.getMessage() == null ? "not valid" : e.getMessage();
            throw Problem.invalid(why.contains("(expected: ") ? why : "%s: %s (expected: %s)".formatted(name, Problems.shown(text), why))
                    .exception();
        }
    }
}
