package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what is left of a body whose request is answered already. A part is read, so that the client sees the answer instead of a broken
 * connection; a client that waits to be told to continue has sent nothing, and its connection ends.
 */
final class UnreadBody {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadBody.class);
    private static final long BYTES_MAX = 16 << 20;
    private static final Duration WITHIN = Duration.ofSeconds(5);

    private UnreadBody() {}

    static boolean awaitsContinue(HttpServerRequest request) {
        return "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT)) && request.bytesRead() == 0;
    }

    static void discard(Vertx vertx, HttpServerRequest request) {
        if (request.isEnded()) {
            return;
        }
        if (awaitsContinue(request)) {
            close(request);
            return;
        }
        long timer = vertx.setTimer(WITHIN.toMillis(), late -> close(request));
        var discarded = new AtomicLong();
        request.exceptionHandler(broken -> LOG.debug("unread body: {}", broken.toString()));
        request.endHandler(end -> vertx.cancelTimer(timer));
        request.handler(buffer -> {
            if (discarded.addAndGet(buffer.length()) > BYTES_MAX) {
                close(request);
            }
        });
        request.resume();
    }

    private static void close(HttpServerRequest request) {
        request.connection().close().onFailure(e -> LOG.debug("close: {}", e.toString()));
    }
}
