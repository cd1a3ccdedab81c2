package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.json.IncomingJson;
import dev.spillway.api.json.UnreadableJsonException;
import io.vertx.core.Context;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A request as a handler sees it. Belongs to the handler's thread. */
public final class Request {
    private static final String KEY = Request.class.getName();
    private static final byte[] NOTHING = {};

    private final RoutingContext routing;
    private final Context context;
    private final Operation operation;
    private final Map<String, String> parameters;
    private final Query query;
    private final String mediaType;
    private final ObjectMapper json;
    private final long jsonBytesMax;
    private final @Nullable BodyStream stream;
    private final Client client = new Client();

    private Request(RoutingContext routing, Operation operation, Map<String, String> parameters, Query query, String mediaType,
            ObjectMapper json, long jsonBytesMax, @Nullable BodyStream stream) {
        this.routing = routing;
        this.context = routing.vertx().getOrCreateContext();
        this.operation = operation;
        this.parameters = parameters;
        this.query = query;
        this.mediaType = mediaType;
        this.json = json;
        this.jsonBytesMax = jsonBytesMax;
        this.stream = stream;
    }

    /** Keeps what was read of a request beside its routing context. Called on the event loop. */
    static Request accept(RoutingContext routing, Operation operation, Map<String, String> parameters, Query query, String mediaType,
            ObjectMapper json, long jsonBytesMax, @Nullable BodyStream stream) {
        var request = new Request(routing, operation, parameters, query, mediaType, json, jsonBytesMax, stream);
        routing.put(KEY, request);
        return request;
    }

    /** The request that was accepted. */
    static Request of(RoutingContext routing) {
        return Objects.requireNonNull(routing.get(KEY), "accepted");
    }

    /** The context that its event loop runs. */
    Context context() {
        return context;
    }

    /** Bound of its gathered body. */
    long jsonBytesMax() {
        return jsonBytesMax;
    }

    Client client() {
        return client;
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
        var value = parameters.get(name);
        if (value == null) {
            throw new IllegalStateException("path parameter " + name + " is not in " + operation.template());
        }
        return value;
    }

    /** A parameter as a value of the service's own kind; an {@link IllegalArgumentException} of its reader becomes 400 with its message. */
    public <T> T parameter(String name, Function<String, T> read) {
        return read(name, parameter(name), read);
    }

    public Query query() {
        return query;
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(routing.request().getHeader(name));
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
            throw Problems.unreadable(e).exception();
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
