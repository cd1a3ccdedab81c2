package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Caps the open connections of one listener, and closes those without a request for too long. The server's own idle timeout is not used: it
 * also ends a request under way while its handler, such as a long copy, has nothing to send. Thread-safe.
 */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final int LOOKS_PER_IDLE_TIME = 5;

    private final HttpLimits.Connections limits;
    private final Map<HttpConnection, Use> open = new ConcurrentHashMap<>();

    /** Of the connection's event loop, read by that of the timer. */
    private static final class Use {
        private volatile boolean takesNoMore;
        private volatile int requests;
        private volatile long idleSince = System.nanoTime();
    }

    Connections(Vertx vertx, HttpLimits.Connections limits) {
        this.limits = limits;
        vertx.setPeriodic(Math.max(1, limits.idleMax().toMillis() / LOOKS_PER_IDLE_TIME), look -> closeIdle());
    }

    void opened(HttpConnection connection) {
        if (open.size() >= limits.max()) {
            close(connection);
            return;
        }
        open.put(connection, new Use());
        connection.closeHandler(closed -> open.remove(connection));
    }

    /** Whether a request that arrived is to be handled. */
    boolean takes(HttpConnection connection) {
        var use = open.get(connection);
        if (use == null || use.takesNoMore) {
            return false;
        }
        use.idleSince = System.nanoTime();
        return true;
    }

    /** Leaves requests unanswered that arrive behind one whose end is not known: they may be a part of its body. */
    void takeNoMore(HttpConnection connection) {
        var use = open.get(connection);
        if (use != null) {
            use.takesNoMore = true;
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // Written by the event loop of the connection alone.
    void begun(HttpConnection connection) {
        var use = open.get(connection);
        if (use != null) {
            use.requests++;
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    void ended(HttpConnection connection) {
        var use = open.get(connection);
        if (use != null) {
            use.idleSince = System.nanoTime();
            use.requests--;
        }
    }

    private void closeIdle() {
        long now = System.nanoTime();
        open.forEach((connection, use) -> {
            if (use.requests == 0 && now - use.idleSince > limits.idleMax().toNanos()) {
                close(connection);
            }
        });
    }

    private static void close(HttpConnection connection) {
        connection.close().onFailure(e -> LOG.debug("close: {}", e.toString()));
    }
}
