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
 * The open connections of one listener. Caps their number, closes those without a request for too long, and takes what is left of a body whose
 * request is answered. The server's own idle timeout is not used: it also ends a request under way while its handler, such as a long copy, has
 * nothing to send. Thread-safe.
 */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final int LOOKS_PER_IDLE_TIME = 5;
    private static final long UNREAD_BYTES_MAX = 16 << 20;
    private static final Duration UNREAD_WITHIN = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final HttpLimits limits;
    /** Per connection the request under way, or the {@link System#nanoTime} since which there is none. */
    private final Map<HttpConnection, AtomicReference<Object>> open = new ConcurrentHashMap<>();

    Connections(Vertx vertx, HttpLimits limits) {
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
     * Begins a request that arrived; false where it is to be left unanswered. Its body is paused until somebody wants it. What nobody wanted is
     * discarded behind the answer, whoever gives that.
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
        // Not by RoutingContext.addEndHandler, which would replace this: a path without a slash is answered before any route.
        request.response().endHandler(answered -> {
            // The next request may have begun already.
            use.compareAndSet(request, System.nanoTime());
            if (eventLoop != null) {
                eventLoop.runOnContext(ready -> discard(request));
            }
        });
        return true;
    }

    /** Leaves requests unanswered that arrive behind one whose end is not known: they may be a part of its body. */
    void takeNoMore(HttpConnection connection) {
        open.remove(connection);
        close(connection);
    }

    static boolean hasBody(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || contentLength(request) > 0;
    }

    static long contentLength(HttpServerRequest request) {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        // The server has already refused a Content-Length that is no number.
        return length == null ? 0 : Long.parseLong(length);
    }

    /** Returns whether a client has sent nothing of its body and waits to be told to. */
    static boolean awaitsContinue(HttpServerRequest request) {
        var expectation = request.getHeader(HttpHeaders.EXPECT);
        return "100-continue".equalsIgnoreCase(expectation) && request.bytesRead() == 0 && hasBody(request);
    }

    /** Returns whether more of a body may come, and nobody knows how much. */
    static boolean isEndUnknown(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) && !request.isEnded();
    }

    /** Reads a part of the body, so that the client sees the answer instead of a broken connection. */
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
