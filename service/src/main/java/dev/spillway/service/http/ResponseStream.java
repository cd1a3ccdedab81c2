package dev.spillway.service.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of a response, as bytes or Server-Sent Events, for one thread that may block. One chunk is being sent while the next is written. The head
 * of the response is sent with the first chunk, so an early failure still gets an answer of its own. A flush does nothing, because archive writers
 * flush after each entry and small chunks are expensive.
 */
public final class ResponseStream extends OutputStream {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseStream.class);
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final Buffer COMMENT = Buffer.buffer(":\n\n");

    private final RoutingContext context;
    private final HttpServerResponse response;
    private final HttpLimits limits;
    private Future<Void> underWay = Future.succeededFuture();
    private Buffer chunk = Buffer.buffer();

    ResponseStream(RoutingContext context, HttpLimits limits) {
        this.context = context;
        this.response = context.response();
        this.limits = limits;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[]{(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        chunk.appendBytes(bytes, offset, length);
        if (chunk.length() >= CHUNK_BYTES) {
            send(chunk);
            chunk = Buffer.buffer(2 * CHUNK_BYTES);
        }
    }

    /** Sends bytes once the chunk before them is sent. The caller must not change them any more. */
    private void send(Buffer bytes) throws IOException {
        await(underWay);
        if (response.closed()) {
            throw new ClientGoneException("the client is gone", null);
        }
        underWay = response.write(bytes);
    }

    /**
     * Sends the rest, and waits until it is sent. The last chunk and the end are two calls, because one call would give a small body a
     * {@code Content-Length} that its HEAD does not have.
     */
    void finish() throws IOException {
        if (chunk.length() > 0) {
            send(chunk);
        }
        await(underWay);
        await(response.end());
    }

    private void await(Future<Void> sent) throws IOException {
        try {
            sent.toCompletionStage().toCompletableFuture().get(limits.pauseMax().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new ClientGoneException("the client took nothing for " + limits.pauseMax(), e);
        } catch (ExecutionException e) {
            throw new ClientGoneException("the client is gone", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the client is gone, or the service stops");
        }
    }

    /**
     * Sends the events of a source, with comments in between that keep the connection alive. It ends when the source returns; the source is
     * interrupted if the client disconnects or the service stops.
     *
     * @param threads threads of handlers, which are shut down before the connections
     */
    void follow(Response.EventSource source, ExecutorService threads) throws IOException {
        var connection = context.request().connection();
        var sender = Thread.currentThread();
        response.closeHandler(gone -> sender.interrupt());
        connection.shutdownHandler(stops -> sender.interrupt());
        long timer = context.vertx().setPeriodic(limits.heartbeat().toMillis(), tick -> {
            if (!response.closed() && !response.ended() && !response.writeQueueFull()) {
                response.write(COMMENT).onFailure(cause -> LOG.debug("events: {}", cause.toString()));
            }
        });
        long watch = Guard.watch(context, sender::interrupt);
        try {
            // A closed connection or a shutdown is noticed either here or by the handler.
            if (threads.isShutdown()) {
                throw Answers.stopping().exception();
            }
            send(COMMENT);
            source.sendTo(this);
        } catch (InterruptedException | InterruptedIOException e) {
            LOG.debug("events: the client is gone or the service stops");
        } finally {
            context.vertx().cancelTimer(timer);
            context.vertx().cancelTimer(watch);
            response.closeHandler(null);
            connection.shutdownHandler(null);
            // The interrupt is cleared, because the last chunk must be waited for.
            Thread.interrupted();
        }
    }

    /**
     * Sends one event; blocks while the client is slow.
     *
     * @param id id that the client sends as {@code Last-Event-ID} when it reconnects; an event without one keeps the former id
     * @param name event type
     * @param data value that is written as JSON, without line breaks
     * @throws IOException if the client is gone
     */
    public void send(@Nullable String id, String name, Object data) throws IOException {
        send(
                Buffer.buffer(
                        (id == null ? "" : "id: " + oneLine(id) + "\n") + "event: " + oneLine(name) + "\ndata: "
                                + oneLine(Response.JSON.writeValueAsString(data)) + "\n\n"));
    }

    private static String oneLine(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("event: " + text + " (expected: parts of one line)");
        }
        return text;
    }
}
