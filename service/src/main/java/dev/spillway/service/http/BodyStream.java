package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request as a stream for a thread that may block. Only a few chunks are read ahead of the reader, so TCP slows down a sender that is
 * faster than the reader. {@code ReadStream.blockingStream()} has neither a timeout nor a size limit.
 */
final class BodyStream extends InputStream {
    private static final int CHUNKS_AHEAD = 4;

    private final HttpServerRequest request;
    private final long bytesMax;
    private final Duration pauseMax;
    private final BlockingQueue<Future<Buffer>> arrivals = new LinkedBlockingQueue<>();
    /** The present chunk; null at the end. */
    private @Nullable Buffer chunk = Buffer.buffer();
    private int position;
    private long received;
    private boolean begun;

    /** Called on the event loop, with the request paused. */
    BodyStream(RoutingContext routing, long bytesMax, Duration pauseMax) {
        this.request = routing.request();
        this.bytesMax = bytesMax;
        this.pauseMax = pauseMax;
        request.handler(buffer -> arrivals.add(Future.succeededFuture(buffer)));
        request.endHandler(end -> arrivals.add(Future.succeededFuture()));
        request.exceptionHandler(cause -> {
            arrivals.add(Future.failedFuture(cause));
            if (!(cause instanceof HttpClosedException)) {
                // The server closes the connection next, so the problem with the body must be answered at once.
                routing.fail(400, cause);
            }
        });
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        while (length > 0 && chunk != null && position == chunk.length()) {
            next();
        }
        var available = chunk;
        if (available == null) {
            return length == 0 ? 0 : -1;
        }
        int part = Math.min(length, available.length() - position);
        available.getBytes(position, position + part, bytes, offset);
        position += part;
        return part;
    }

    /** Waits for the next chunk. The first call tells a client that expects {@code 100 Continue} to send the body. */
    private void next() throws IOException {
        if (!begun && ListenerConnections.awaitsContinue(request)) {
            request.response().writeContinue().onFailure(cause -> arrivals.add(Future.failedFuture(cause)));
        }
        request.fetch(begun ? 1 : CHUNKS_AHEAD);
        begun = true;
        try {
            var arrival = arrivals.poll(pauseMax.toNanos(), TimeUnit.NANOSECONDS);
            if (arrival == null) {
                throw paused(pauseMax).exception();
            } else if (arrival.failed()) {
                throw new ClientGoneException(
                        "the client is gone in the middle of the body, after " + received + " bytes",
                        arrival.cause());
            }
            chunk = arrival.result();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted in the middle of the body");
        }
        position = 0;
        received += chunk == null ? 0 : chunk.length();
        if (received > bytesMax) {
            throw tooLarge(bytesMax).exception();
        }
    }

    static Problem paused(Duration allowed) {
        return Problem.of(ProblemType.REQUEST_TIMEOUT, "body: not whole (expected: all of it, without a pause of " + allowed + ")");
    }

    static Problem slow(Duration allowed) {
        return Problem.of(ProblemType.REQUEST_TIMEOUT, "body: not whole (expected: all of it within " + allowed + ")");
    }

    static Problem tooLarge(long limit) {
        return Problem.of(ProblemType.BODY_TOO_LARGE, "body: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }
}
