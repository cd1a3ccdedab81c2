package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Durations;
import dev.spillway.api.Numbers;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.json.IncomingJson;
import dev.spillway.api.json.UnreadableJsonException;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.identity.Identity;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request as a handler sees it: what a {@link RoutingContext} knows, with path and query decoded strictly and values read or refused by name.
 * Belongs to the handler's thread.
 */
public final class Request {
    private static final String KEY = Request.class.getName();
    private static final byte[] NOTHING = {};
    private static final Set<String> UTF_8 = Set.of("utf-8", "utf8");

    private final RoutingContext routing;
    private final Endpoint endpoint;
    private final HttpLimits limits;
    private final Map<String, String> parameters;
    private final Query query;
    private final String mediaType;
    private final @Nullable BodyStream stream;

    /**
     * The query of a request. Reading a value that is not what was asked for ends the handler with 400.
     *
     * @param values by name, percent-decoded once
     */
    public record Query(Map<String, String> values) {
        public Optional<String> text(String name) {
            return Optional.ofNullable(values.get(name));
        }

        /** A whole number between two bounds, both included. */
        public Optional<Long> number(String name, long least, long most) {
            return value(name, text -> {
                try {
                    long number = Numbers.whole(text);
                    if (number >= least && number <= most) {
                        return number;
                    }
                } catch (NumberFormatException e) {
                    // Told below, as for a number out of range.
                }
                throw new InvalidValueException(name, text, "a whole number of " + least + " to " + most);
            });
        }

        /** A parameter without a value says true. */
        public Optional<Boolean> flag(String name) {
            return value(name, text -> switch (text) {
                case "true", "" -> true;
                case "false" -> false;
                default -> throw new InvalidValueException(name, text, "true or false");
            });
        }

        /** A duration of more than zero and at most another. */
        public Optional<Duration> duration(String name, Duration most) {
            return value(name, text -> Durations.parse(name, text, most));
        }

        /** A value of the service's own kind; an {@link InvalidValueException} of its reader becomes one that names the parameter. */
        public <T> Optional<T> value(String name, Function<String, T> read) {
            return text(name).map(text -> {
                try {
                    return read.apply(text);
                } catch (InvalidValueException e) {
                    throw new InvalidValueException(name, text, e.expected());
                }
            });
        }
    }

    /** Checks everything that can be checked before the body arrives. Made on the event loop, and kept beside the routing context. */
    Request(RoutingContext routing, Endpoint endpoint, HttpLimits limits) {
        this.routing = routing;
        this.endpoint = endpoint;
        this.limits = limits;
        var request = routing.request();
        boolean hasBody = Connections.hasBody(request);
        var type = header("Content-Type").map(value -> value.split(";", 2)[0].strip().toLowerCase(Locale.ROOT)).orElse("");
        boolean streamed = endpoint.streams(type) && (hasBody || !type.isEmpty());
        if (hasBody && !streamed) {
            requireJson(type);
        }
        if (streamed && Connections.contentLength(request) > endpoint.streamedBytesMax()) {
            throw BodyStream.tooLarge(endpoint.streamedBytesMax()).exception();
        }
        this.parameters = endpoint.operation().parameters(Objects.requireNonNullElse(request.path(), ""));
        this.query = new Query(endpoint.operation().queryValues(Objects.requireNonNullElse(request.query(), "")));
        this.mediaType = hasBody || streamed ? type : "";
        this.stream = streamed ? new BodyStream(routing, endpoint.streamedBytesMax(), limits.pauseMax()) : null;
        routing.put(KEY, this);
    }

    private void requireJson(String type) {
        var encoding = header("Content-Encoding").orElse("identity");
        if (endpoint.mediaTypes().isEmpty()) {
            throw Problem.of(ProblemType.UNEXPECTED_BODY, "body: sent (expected: none)").exception();
        } else if (!endpoint.gathers(type)) {
            throw notTaken("Content-Type", type.isEmpty() ? "missing" : type, endpoint.mediaTypes());
        } else if (!encoding.equalsIgnoreCase("identity")) {
            throw notTaken("Content-Encoding", encoding, List.of("identity"));
        }
        routing.parsedHeaders().contentType().parameters().forEach((name, charset) -> {
            if (name.equalsIgnoreCase("charset") && !UTF_8.contains(String.valueOf(charset).toLowerCase(Locale.ROOT))) {
                throw notTaken("charset", String.valueOf(charset), List.of("utf-8"));
            }
        });
    }

    private static ProblemException notTaken(String header, String given, List<String> expected) {
        return Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "%s: %s (expected: %s)".formatted(header, Problem.shown(given), String.join(" or ", expected))).exception();
    }

    /** The request of a routing context. */
    static Request of(RoutingContext routing) {
        return Objects.requireNonNull(routing.get(KEY), "request");
    }

    /** Returns its id, for logs; also in the answer's {@code X-Request-Id}. */
    public String id() {
        return RequestIds.of(routing.response());
    }

    Operation operation() {
        return endpoint.operation();
    }

    Map<String, String> parameters() {
        return parameters;
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

    /** Name of who asks, for the audit trail: that of the token, or {@code anonymous} where none was asked for. */
    public String caller() {
        return identity().map(Identity::name).orElse(Identity.ANONYMOUS);
    }

    /** Returns the holder of the token; empty where no token is asked for. */
    public Optional<Identity> identity() {
        return Guard.identity(routing);
    }

    /** A parameter of the path, percent-decoded once; empty when the segment is. */
    public String parameter(String name) {
        return Objects.requireNonNull(parameters.get(name), () -> "parameter " + name + " of " + endpoint.operation());
    }

    /** A parameter as a value of the service's own kind; an {@link InvalidValueException} of its reader becomes 400. */
    public <T> T parameter(String name, Function<String, T> read) {
        return read.apply(parameter(name));
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
     * The body as JSON without unknown fields.
     *
     * @throws ProblemException 400 that names the field, its value and what was expected
     */
    public <T> T body(Class<T> type) {
        return body(type, Response.JSON);
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
     * The body as it arrives, where it is streamed; the sender is slowed down to the speed of the reader. Over the route's bound, or when the
     * sender pauses too long, a read ends with a {@link ProblemException}; when the sender is gone, with an {@link java.io.IOException}.
     */
    public InputStream stream() {
        return Objects.requireNonNull(stream, "stream");
    }
}
