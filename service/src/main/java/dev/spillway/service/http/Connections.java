package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
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
    private final Map<HttpConnection, Client> open = new ConcurrentHashMap<>();

    /** The other end of a connection. Thread-safe. */
    static final class Client {
        private final AtomicInteger requests = new AtomicInteger();
        private volatile long idleSince = System.nanoTime();
        private @Nullable Thread eventSource;
        private boolean ended;

        /** Registers the calling thread, to be interrupted when the client leaves or the service stops; false when that is so already. */
        synchronized boolean beginEvents() {
            eventSource = Thread.currentThread();
            return !ended;
        }

        synchronized void endEvents() {
            eventSource = null;
        }

        private synchronized void end() {
            ended = true;
            if (eventSource != null) {
                eventSource.interrupt();
            }
        }
    }

    Connections(Vertx vertx, HttpLimits limits) {
        this.vertx = vertx;
        this.limits = limits;
        vertx.setPeriodic(Math.max(1, limits.idleMax().toMillis() / LOOKS_PER_IDLE_TIME), look -> closeIdle());
    }

    void opened(HttpConnection connection) {
        if (open.size() >= limits.connectionsMax()) {
            close(connection);
            return;
        }
        var client = new Client();
        open.put(connection, client);
        connection.shutdownHandler(stops -> client.end()).closeHandler(closed -> {
            open.remove(connection);
            client.end();
        });
    }

    /**
     * Begins a request that arrived; false where it is to be left unanswered. Its body is paused until somebody wants it. What nobody wanted is
     * discarded behind the answer, whoever gives that.
     */
    boolean begin(HttpServerRequest request) {
        var client = open.get(request.connection());
        if (client == null) {
            return false;
        }
        client.requests.incrementAndGet();
        var eventLoop = hasBody(request) ? vertx.getOrCreateContext() : null;
        if (eventLoop != null) {
            request.pause();
        }
        // Not by RoutingContext.addEndHandler, which would replace this: a path without a slash is answered before any route.
        request.response().endHandler(answered -> {
            client.idleSince = System.nanoTime();
            client.requests.decrementAndGet();
            if (eventLoop != null) {
                eventLoop.runOnContext(ready -> discard(request));
            }
        });
        return true;
    }

    /** Returns who sent a request that has begun. */
    Client client(HttpServerRequest request) {
        return open.getOrDefault(request.connection(), new Client());
    }

    /** Leaves requests unanswered that arrive behind one whose end is not known: they may be a part of its body. */
    void takeNoMore(HttpConnection connection) {
        open.remove(connection);
        close(connection);
    }

    private void closeIdle() {
        long now = System.nanoTime();
        open.forEach((connection, client) -> {
            if (client.requests.get() == 0 && now - client.idleSince > limits.idleMax().toNanos()) {
                close(connection);
            }
        });
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

    /** Reads a part of the body, so that the client sees the answer instead of a broken connection. */
    private void discard(HttpServerRequest request) {
        var connection = request.connection();
        if (request.isEnded()) {
            return;
        }
        if (awaitsContinue(request)) {
            close(connection);
            return;
        }
        long timer = vertx.setTimer(UNREAD_WITHIN.toMillis(), late -> close(connection));
        long before = request.bytesRead();
        request.exceptionHandler(broken -> LOG.debug("unread body: {}", broken.toString()));
        request.endHandler(end -> vertx.cancelTimer(timer));
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
