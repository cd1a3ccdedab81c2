package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.api.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a service with its handlers. {@link EndpointRouter} turns it into a route.
 *
 * @param jsonBytesMax size limit of a JSON body, which is read before the handler starts: 0 for the service's default, negative if no JSON is
 *                     accepted
 * @param streamed media types of bodies that the handler reads while they arrive; {@link #ANY} accepts all
 * @param streamedBytesMax size limit of a streamed body
 * @param bounded whether it counts against the limit of concurrent requests
 * @param immediate handler that is tried first, on the event loop; absent if every answer may need a lock or a disk
 * @param handler handler on a virtual thread for requests that {@code immediate} did not answer
 */
public record Endpoint(
        Operation operation,
        long jsonBytesMax,
        List<String> streamed,
        long streamedBytesMax,
        boolean bounded,
        @Nullable Immediate immediate,
        Handler handler) {
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

    /** Creates an endpoint whose requests have no body. */
    public static Endpoint of(Operation operation, Handler handler) {
        return new Endpoint(operation, -1, List.of(), 0, true, null, handler);
    }

    /** Returns the same endpoint, accepting JSON up to the service's default size. The handler decides whether the body is optional. */
    public Endpoint json() {
        return json(0);
    }

    public Endpoint json(long bytesMax) {
        return new Endpoint(operation, bytesMax, streamed, streamedBytesMax, bounded, immediate, handler);
    }

    /** Returns the same endpoint, accepting streams of these media types, also in addition to JSON. */
    public Endpoint stream(long bytesMax, List<String> mediaTypes) {
        return new Endpoint(operation, jsonBytesMax, List.copyOf(mediaTypes), bytesMax, bounded, immediate, handler);
    }

    /** Returns the same endpoint with a handler that is tried on the event loop first. */
    public Endpoint immediately(Immediate first) {
        return new Endpoint(operation, jsonBytesMax, streamed, streamedBytesMax, bounded, first, handler);
    }

    /** Returns the same endpoint with a check before each request. The check must not block, and its exception becomes the answer. */
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

    /** Returns the same endpoint, answered even when the service is at its limit of requests. It is meant for health checks. */
    public Endpoint always() {
        return new Endpoint(operation, jsonBytesMax, streamed, streamedBytesMax, false, immediate, handler);
    }

    boolean gathers(String mediaType) {
        return jsonBytesMax >= 0 && mediaType.equals(JSON);
    }

    boolean streams(String mediaType) {
        return !gathers(mediaType) && (streamed.contains(mediaType) || streamed.contains(ANY));
    }

    /** Returns the accepted media types; none if no body is expected. */
    List<String> mediaTypes() {
        return Stream.concat(Stream.of(JSON).filter(this::gathers), streamed.stream()).toList();
    }
}
