package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.api.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a service with what answers it. {@link EndpointRouter} turns it into a route.
 *
 * @param jsonBytesMax bound of a JSON body, which is gathered before the handler starts: 0 for the service's own, negative where none is taken
 * @param streamed media types of bodies that the handler reads while they arrive; {@link #ANY} takes all
 * @param streamedBytesMax bound of a streamed body
 * @param bounded whether it counts against the limit of concurrent requests
 * @param immediate tried first, on the event loop; absent where every answer may need a lock or a disk
 * @param handler answers what {@code immediate} did not, on a virtual thread
 */
public record Endpoint(Operation operation, long jsonBytesMax, List<String> streamed, long streamedBytesMax, boolean bounded,
        @Nullable Immediate immediate, Handler handler) {
    /** Any media type, or none. */
    public static final String ANY = "*/*";
    static final String JSON = "application/json";

    /**
     * Answers one kind of request. Runs on a virtual thread of its own, so it may block. A {@link ProblemException} becomes the answer; any
     * other exception is logged under a random id and answered with 500 and that id.
     */
    @FunctionalInterface
    public interface Handler {
        Response handle(Request request) throws Exception;
    }

    /** Answers on the event loop, or leaves the request to the handler. Must neither block nor wait for a lock. */
    @FunctionalInterface
    public interface Immediate {
        Optional<Response> handle(Request request) throws Exception;
    }

    /** An operation whose requests carry no body. */
    public static Endpoint of(Operation operation, Handler handler) {
        return new Endpoint(operation, -1, List.of(), 0, true, null, handler);
    }

    /** Takes JSON of the service's usual size; the handler decides whether it can be left out. */
    public Endpoint json() {
        return json(0);
    }

    public Endpoint json(long bytesMax) {
        return new Endpoint(operation, bytesMax, streamed, streamedBytesMax, bounded, immediate, handler);
    }

    /** Takes streams of these media types, also beside JSON. */
    public Endpoint stream(long bytesMax, List<String> mediaTypes) {
        return new Endpoint(operation, jsonBytesMax, List.copyOf(mediaTypes), bytesMax, bounded, immediate, handler);
    }

    /** The same endpoint, tried on the event loop first. */
    public Endpoint immediately(Immediate first) {
        return new Endpoint(operation, jsonBytesMax, streamed, streamedBytesMax, bounded, first, handler);
    }

    /** The same endpoint, whose requests first pass a check, which does not block. What it throws is the answer. */
    public Endpoint guarded(Runnable check) {
        Immediate first = immediate;
        return new Endpoint(operation, jsonBytesMax, streamed, streamedBytesMax, bounded, first == null ? null : request -> {
            check.run();
            return first.handle(request);
        }, request -> {
            check.run();
            return handler.handle(request);
        });
    }

    /** The same endpoint, answered also when the service is at its limit: for what tells whether it lives. */
    public Endpoint always() {
        return new Endpoint(operation, jsonBytesMax, streamed, streamedBytesMax, false, immediate, handler);
    }

    boolean gathers(String mediaType) {
        return jsonBytesMax >= 0 && mediaType.equals(JSON);
    }

    boolean streams(String mediaType) {
        return !gathers(mediaType) && (streamed.contains(mediaType) || streamed.contains(ANY));
    }

    /** The media types that are taken; none where a body is not expected. */
    List<String> mediaTypes() {
        return Stream.concat(Stream.of(JSON).filter(this::gathers), streamed.stream()).toList();
    }
}
