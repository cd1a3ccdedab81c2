package dev.spillway.service.http;

import dev.spillway.api.Operation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a service with what answers it. {@link EndpointRouter} turns it into a route.
 *
 * @param bounded whether it counts against the limit of concurrent requests
 * @param immediate tried first, on the event loop; absent where every answer may need a lock or a disk
 * @param handler answers what {@code immediate} did not, on a virtual thread
 */
public record Endpoint(Operation operation, Body body, boolean bounded, @Nullable Immediate immediate, Handler handler) {

    /** Answers on the event loop, or leaves the request to the handler. Must neither block nor wait for a lock. */
    @FunctionalInterface
    public interface Immediate {
        Optional<Response> handle(Request request) throws Exception;
    }

    /** An operation whose requests carry no body. */
    public static Endpoint of(Operation operation, Handler handler) {
        return new Endpoint(operation, Body.none(), true, null, handler);
    }

    /** The same endpoint, taking these bodies. */
    public Endpoint body(Body taken) {
        return new Endpoint(operation, taken, bounded, immediate, handler);
    }

    /** The same endpoint, tried on the event loop first. */
    public Endpoint immediately(Immediate first) {
        return new Endpoint(operation, body, bounded, first, handler);
    }

    /** The same endpoint with another handler. */
    public Endpoint handler(Handler other) {
        return new Endpoint(operation, body, bounded, immediate, other);
    }

    /** The same endpoint, answered also when the service is at its limit: for what tells whether it lives. */
    Endpoint always() {
        return new Endpoint(operation, body, false, immediate, handler);
    }
}
