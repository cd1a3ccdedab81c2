package dev.spillway.worker.filesystem.archive;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** A caller's stream. It remembers its own failure, so that a broken connection is not taken for a broken archive. Closing it does nothing. */
public final class ReceivedStream extends FilterInputStream {
    private @Nullable IOException failure;

    public ReceivedStream(InputStream stream) {
        super(stream);
    }

    /** Returns the exception that the stream itself threw; null if it threw none. */
    public @Nullable IOException failure() {
        return failure;
    }

    @Override
    public int read() throws IOException {
        try {
            return super.read();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        try {
            return super.read(target, start, count);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    @Override
    public void close() {
        // The caller closes its own stream.
    }
}
