package dev.spillway.worker.ccache;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The value of one request on a connection: ends after its length. Closing it does nothing. */
final class ValueStream extends FilterInputStream {
    private long left;

    ValueStream(InputStream requests, long length) {
        super(requests);
        this.left = length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (left == 0 || length == 0) {
            return left == 0 ? -1 : 0;
        }
        int read = in.read(bytes, offset, (int) Math.min(left, length));
        if (read < 0) {
            throw new EOFException("request: ended %d bytes before its end".formatted(left));
        }
        left -= read;
        return read;
    }

    /** Skips the rest of the value. */
    void skipRest() throws IOException {
        in.skipNBytes(left);
        left = 0;
    }

    @Override
    public void close() {
        // The connection stays open for more requests.
    }
}
