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
 * A request as a handler sees it: the data of a {@link RoutingContext}, with path and query decoded strictly. A wrong value is refused with the name
 * of its parameter. Confined to the handler's thread.
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
     * The query of a request. Reading a wrong value ends the handler with 400.
     *
     * @param values by name, percent-decoded once
     */
    public record Query(Map<String, String> values) {
        public Optional<String> text(String name) {
            return Optional.ofNullable(values.get(name));
        }

        /** Returns a whole number between two bounds, both inclusive. */
        public Optional<Long> number(String name, long least, long most) {
            return value(name, text -> {
                try {
                    long number = Numbers.whole(text);
                    if (number >= least && number <= most) {
                        return number;
                    }
                } catch (NumberFormatException e) {
                    // The refusal below is the same as for a number out of range.
                }
                throw new InvalidValueException(name, text, "a whole number of " + least + " to " + most);
            });
        }

        /** Returns a flag; a parameter without a value means true. */
        public Optional<Boolean> flag(String name) {
            return value(name, text -> switch (text) {
                case "true", "" -> true;
                case "false" -> false;
                default -> throw new InvalidValueException(name, text, "true or false");
            });
        }

        /** Returns a duration above zero and at most {@code most}. */
        public Optional<Duration> duration(String name, Duration most) {
            return value(name, text -> Durations.parse(name, text, most));
        }

        /** Returns a value of the service's own type. An {@link InvalidValueException} of its reader becomes one that names the parameter. */
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

    /** Checks everything that can be checked before the body arrives. Called on the event loop; the request is stored in the routing context. */
    Request(RoutingContext routing, Endpoint endpoint, HttpLimits limits) {
        this.routing = routing;
        this.endpoint = endpoint;
        this.limits = limits;
        var request = routing.request();
        boolean hasBody = ListenerConnections.hasBody(request);
        var type = header("Content-Type").map(value -> value.split(";", 2)[0].strip().toLowerCase(Locale.ROOT)).orElse("");
        boolean streamed = endpoint.streams(type) && (hasBody || !type.isEmpty());
        if (hasBody && !streamed) {
            requireJson(type);
        }
        if (streamed && ListenerConnections.contentLength(request) > endpoint.streamedBytesMax()) {
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
        return Problem.of(
                ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "%s: %s (expected: %s)".formatted(header, Problem.shown(given), String.join(" or ", expected))).exception();
    }

    /** Returns the request of a routing context. */
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

    /** Returns the size limit of a body that is read into memory. */
    long jsonBytesMax() {
        return endpoint.jsonBytesMax() == 0 ? limits.bodyBytesMax() : endpoint.jsonBytesMax();
    }

    /**
     * Returns whether the request is a HEAD. The answer has the status and headers of a GET and no body, and nothing may be changed that a GET would
     * change.
     */
    public boolean isHead() {
        return routing.request().method().equals(HttpMethod.HEAD);
    }

    /** Returns the caller's name for the audit trail: that of its token, or {@code anonymous} if no token was required. */
    public String caller() {
        return identity().map(Identity::name).orElse(Identity.ANONYMOUS);
    }

    /** Returns the holder of the token; empty if no token is required. */
    public Optional<Identity> identity() {
        return Guard.identity(routing);
    }

    /** Returns a parameter of the path, percent-decoded once; empty if its segment is empty. */
    public String parameter(String name) {
        return Objects.requireNonNull(parameters.get(name), () -> "parameter " + name + " of " + endpoint.operation());
    }

    /** Returns a parameter of the path as a value of the service's own type. An {@link InvalidValueException} of its reader becomes 400. */
    public <T> T parameter(String name, Function<String, T> read) {
        return read.apply(parameter(name));
    }

    public Query query() {
        return query;
    }

    /** Returns a header that a request may have at most once. */
    public Optional<String> header(String name) {
        var values = routing.request().headers().getAll(name);
        if (values.size() > 1) {
            throw Problem.invalid(name + ": given twice (expected: once)").exception();
        }
        return values.stream().findFirst();
    }

    /** Returns the media type of the body in lower case, without parameters; empty if there is none. */
    public String mediaType() {
        return mediaType;
    }

    /** Returns whether the body has a streamed type, so that {@link #stream} returns it. */
    public boolean isStreamed() {
        return stream != null;
    }

    /** Returns the body that was read into memory; empty without one. The array is not a copy. */
    public byte[] bytes() {
        var body = routing.body().buffer();
        return body == null ? NOTHING : body.getBytes();
    }

    /**
     * Returns the body as JSON; unknown fields are refused.
     *
     * @throws ProblemException 400 that names the field, its value and what was expected
     */
    public <T> T body(Class<T> type) {
        return body(type, Response.JSON);
    }

    /** Does the same as {@link #body(Class)} with another mapper. */
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
     * Returns the body as a stream while it arrives; the sender is slowed down to the speed of the reader. A read fails with a
     * {@link ProblemException} if the body is too large or the sender pauses for too long, and with an {@link java.io.IOException} if the sender is
     * gone.
     */
    public InputStream stream() {
        return Objects.requireNonNull(stream, "stream");
    }
}
