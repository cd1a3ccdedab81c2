package dev.spillway.service.http;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;

/** The body of a response as a stream. The head of the response is sent with the first full chunk, so an early failure still gets its own answer. */
final class ResponseStream extends OutputStream {
    private static final int CHUNK_BYTES = 64 * 1024;

    private final ResponseWriter writer;
    private byte[] chunk = new byte[CHUNK_BYTES];
    private int filled;
    private boolean sent;

    ResponseStream(ResponseWriter writer) {
        this.writer = writer;
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

    boolean isSent() {
        return sent;
    }

    void finish() throws IOException {
        if (filled > 0) {
            send();
        }
        try {
            writer.end();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private void send() throws IOException {
        var full = Buffer.buffer(filled == chunk.length ? chunk : Arrays.copyOf(chunk, filled));
        chunk = new byte[CHUNK_BYTES];
        filled = 0;
        sent = true;
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
