package dev.spillway.service.http;

import io.vertx.core.Context;
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
 * The body of a request as a stream for a thread that may block. Only a few chunks are asked for ahead of the reader, so a sender that is
 * faster than the reader is slowed down by TCP. {@code ReadStream.blockingStream()} has no timeout and no bound.
 */
final class BodyStream extends InputStream {
    private static final int CHUNKS_AHEAD = 4;

    /** Something from the event loop: a chunk, the reason why there are no more, or neither at the end. */
    private record Arrival(@Nullable Buffer chunk, @Nullable Throwable gone) {}

    private final Context context;
    private final HttpServerRequest request;
    private final long bytesMax;
    private final Duration pauseMax;
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private @Nullable Buffer chunk;
    private int position;
    private long received;
    private boolean begun;
    private boolean ended;

    /** Made on the event loop, with the request paused. */
    BodyStream(RoutingContext routing, long bytesMax, Duration pauseMax) {
        this.context = routing.vertx().getOrCreateContext();
        this.request = routing.request();
        this.bytesMax = bytesMax;
        this.pauseMax = pauseMax;
        request.handler(buffer -> arrivals.add(new Arrival(buffer, null)));
        request.endHandler(end -> arrivals.add(new Arrival(null, null)));
        request.exceptionHandler(cause -> {
            arrivals.add(new Arrival(null, cause));
            if (!(cause instanceof HttpClosedException)) {
                // The server closes the connection next, so what is wrong with the body is told at once.
                routing.fail(400, cause);
            }
        });
    }

    /** Asks for the first chunks, and tells a client that waits for it to send: whoever reads wants the body. */
    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        context.runOnContext(ready -> {
            if (Connections.awaitsContinue(request)) {
                request.response().writeContinue().onFailure(cause -> arrivals.add(new Arrival(null, cause)));
            }
            request.fetch(CHUNKS_AHEAD);
        });
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        var available = next();
        if (available == null) {
            return -1;
        }
        int part = Math.min(length, available.length() - position);
        available.getBytes(position, position + part, bytes, offset);
        position += part;
        return part;
    }

    /** A chunk with bytes left, or null at the end. */
    private @Nullable Buffer next() throws IOException {
        while (!ended && (chunk == null || position == chunk.length())) {
            var arrival = arrival();
            if (arrival.gone() != null) {
                throw new ClientGoneException("the client is gone in the middle of the body, after " + received + " bytes", arrival.gone());
            }
            chunk = arrival.chunk();
            position = 0;
            ended = chunk == null;
            if (chunk != null) {
                received += chunk.length();
                if (received > bytesMax) {
                    throw Problems.tooLarge(bytesMax).exception();
                }
                context.runOnContext(ready -> request.fetch(1));
            }
        }
        return chunk;
    }

    private Arrival arrival() throws IOException {
        begin();
        try {
            var arrival = arrivals.poll(pauseMax.toNanos(), TimeUnit.NANOSECONDS);
            if (arrival == null) {
                throw Problems.requestTimeout(pauseMax).exception();
            }
            return arrival;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted in the middle of the body");
        }
    }
}
