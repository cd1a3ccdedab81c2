package dev.spillway.service.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The body of a response as a stream. The head of the response is sent with the first full chunk, so an early failure still gets its own answer. */
final class ResponseStream extends OutputStream {
    private static final int CHUNK_BYTES = 64 * 1024;

    private final Writer writer;
    private final Runnable head;
    private byte[] chunk = new byte[CHUNK_BYTES];
    private int filled;
    private boolean headSet;

    /** @param head sets status and headers; called once, before the first byte */
    ResponseStream(HttpServerResponse response, Duration pauseMax, Runnable head) {
        this.writer = new Writer(response, pauseMax);
        this.head = head;
    }

    /** Writes from a thread that may block: one chunk is on its way to the socket while the next is made. Used by one thread. */
    static final class Writer {
        private final HttpServerResponse response;
        private final Duration pauseMax;
        private Future<Void> underWay = Future.succeededFuture();

        Writer(HttpServerResponse response, Duration pauseMax) {
            this.response = response;
            this.pauseMax = pauseMax;
        }

        void write(Buffer bytes) throws ClientGoneException, InterruptedException {
            await(underWay);
            if (response.closed()) {
                throw new ClientGoneException("the client is gone", null);
            }
            underWay = response.write(bytes);
        }

        void end() throws ClientGoneException, InterruptedException {
            await(underWay);
            await(response.end());
        }

        private void await(Future<Void> sent) throws ClientGoneException, InterruptedException {
            try {
                sent.toCompletionStage().toCompletableFuture().get(pauseMax.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                throw new ClientGoneException("the client took nothing for " + pauseMax, e);
            } catch (ExecutionException e) {
                throw new ClientGoneException("the client is gone", e.getCause());
            }
        }
    }

    @Override
    public void write(int value) throws IOException {
        chunk[filled++] = (byte) value;
        if (filled == chunk.length) {
            send();
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int from = offset;
        int left = length;
        while (left > 0) {
            int part = Math.min(left, chunk.length - filled);
            System.arraycopy(bytes, from, chunk, filled, part);
            filled += part;
            from += part;
            left -= part;
            if (filled == chunk.length) {
                send();
            }
        }
    }

    /** Does nothing: archive writers flush after each entry, and small chunks are dear. {@link #finish} sends the rest. */
    @Override
    public void flush() {}

    void finish() throws IOException {
        send();
        try {
            writer.end();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private void send() throws IOException {
        if (!headSet) {
            headSet = true;
            head.run();
        }
        if (filled == 0) {
            return;
        }
        var full = Buffer.buffer(filled == chunk.length ? chunk : Arrays.copyOf(chunk, filled));
        chunk = new byte[CHUNK_BYTES];
        filled = 0;
        try {
            writer.write(full);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("the client is gone, or the service stops");
    }
}
