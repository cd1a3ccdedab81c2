package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections of one listener. Caps their number, closes those that have been without a request for too long, and discards the unread rest
 * of a body once its request is answered. The idle timeout of Vert.x is not used, because it also ends a request whose handler sends nothing for
 * long, such as a long copy. Thread-safe.
 */
final class ListenerConnections {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerConnections.class);
    private static final int LOOKS_PER_IDLE_TIME = 5;
    private static final long UNREAD_BYTES_MAX = 16 << 20;
    private static final Duration UNREAD_WITHIN = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final HttpLimits limits;
    /** Per connection, the present request, or the {@link System#nanoTime} since which there is none. */
    private final Map<HttpConnection, AtomicReference<Object>> open = new ConcurrentHashMap<>();

    ListenerConnections(Vertx vertx, HttpLimits limits) {
        this.vertx = vertx;
        this.limits = limits;
        vertx.setPeriodic(Math.max(1, limits.idleMax().toMillis() / LOOKS_PER_IDLE_TIME), look -> open.forEach((connection, use) -> {
            if (use.get() instanceof Long since && System.nanoTime() - since > limits.idleMax().toNanos()) {
                close(connection);
            }
        }));
    }

    void opened(HttpConnection connection) {
        if (open.size() >= limits.connectionsMax()) {
            close(connection);
        } else {
            open.put(connection, new AtomicReference<>(System.nanoTime()));
            connection.closeHandler(closed -> open.remove(connection));
        }
    }

    /**
     * Begins a request that arrived; returns false if it must not be answered. Its body is paused until a handler reads it. An unread body is
     * discarded after the answer.
     */
    boolean begin(HttpServerRequest request) {
        var use = open.get(request.connection());
        if (use == null) {
            return false;
        }
        use.set(request);
        var eventLoop = hasBody(request) ? vertx.getOrCreateContext() : null;
        if (eventLoop != null) {
            request.pause();
        }
        // RoutingContext.addEndHandler is not used here, because it would replace this handler, and a path without a slash is answered before any
        // route.
        request.response().endHandler(answered -> {
            // The next request may have begun already.
            use.compareAndSet(request, System.nanoTime());
            if (eventLoop != null) {
                eventLoop.runOnContext(ready -> discard(request));
            }
        });
        return true;
    }

    /** Ignores further requests of a connection after one whose end is not known, because they may be a part of its body. */
    void takeNoMore(HttpConnection connection) {
        open.remove(connection);
        close(connection);
    }

    static boolean hasBody(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || contentLength(request) > 0;
    }

    static long contentLength(HttpServerRequest request) {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        // The server has already refused a Content-Length that is not a number.
        return length == null ? 0 : Long.parseLong(length);
    }

    /** Returns whether a client waits for {@code 100 Continue} before it sends its body. */
    static boolean awaitsContinue(HttpServerRequest request) {
        var expectation = request.getHeader(HttpHeaders.EXPECT);
        return "100-continue".equalsIgnoreCase(expectation) && request.bytesRead() == 0 && hasBody(request);
    }

    /** Returns whether more of a body of unknown length may arrive. */
    static boolean isEndUnknown(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) && !request.isEnded();
    }

    /** Reads and discards a part of the body, so that the client sees the answer and not a broken connection. */
    private void discard(HttpServerRequest request) {
        var connection = request.connection();
        boolean closing = request.response().headers().contains(HttpHeaders.CONNECTION, HttpHeaders.CLOSE, true);
        if (awaitsContinue(request) || (closing && request.isEnded())) {
            close(connection);
            return;
        }
        if (request.isEnded()) {
            return;
        }
        long timer = vertx.setTimer(UNREAD_WITHIN.toMillis(), late -> close(connection));
        long before = request.bytesRead();
        request.exceptionHandler(broken -> LOG.debug("unread body: {}", broken.toString()));
        request.endHandler(end -> {
            vertx.cancelTimer(timer);
            if (closing) {
                close(connection);
            }
        });
        request.handler(buffer -> {
            if (request.bytesRead() - before > UNREAD_BYTES_MAX) {
                close(connection);
            }
        });
        request.resume();
    }

    private static void close(HttpConnection connection) {
        connection.close().onFailure(e -> LOG.debug("close: {}", e.toString()));
    }
}
