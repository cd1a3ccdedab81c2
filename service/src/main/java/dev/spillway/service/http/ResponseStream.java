package dev.spillway.service.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The body of a response as a stream for one thread that may block: a chunk is on its way to the socket while the next is made. The head of the
 * response is sent with the first chunk, so an early failure still gets its own answer. A flush does nothing: archive writers flush after each
 * entry, and small chunks are dear.
 */
final class ResponseStream extends OutputStream {
    private static final int CHUNK_BYTES = 64 * 1024;

    private final HttpServerResponse response;
    private final Duration pauseMax;
    private Future<Void> underWay = Future.succeededFuture();
    private Buffer chunk = Buffer.buffer();

    /** @param pauseMax how long the client may take nothing */
    ResponseStream(HttpServerResponse response, Duration pauseMax) {
        this.response = response;
        this.pauseMax = pauseMax;
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
            chunk = Buffer.buffer(CHUNK_BYTES);
        }
    }

    /** Sends these bytes, which are not to be changed any more, once the chunk before them is sent. */
    void send(Buffer bytes) throws IOException {
        await(underWay);
        if (response.closed()) {
            throw new ClientGoneException("the client is gone", null);
        }
        underWay = response.write(bytes);
    }

    /** Sends what is left, and waits until it is sent. */
    void finish() throws IOException {
        await(underWay);
        await(response.end(chunk));
    }

    private void await(Future<Void> sent) throws IOException {
        try {
            sent.toCompletionStage().toCompletableFuture().get(pauseMax.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new ClientGoneException("the client took nothing for " + pauseMax, e);
        } catch (ExecutionException e) {
            throw new ClientGoneException("the client is gone", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the client is gone, or the service stops");
        }
    }
}
