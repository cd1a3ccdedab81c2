package dev.spillway.worker.host.directory;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Tells how many bytes were read so far. Used by one thread. */
final class CountedStream extends FilterInputStream {
    private final LongConsumer progress;
    private long bytes;

    CountedStream(InputStream stream, LongConsumer progress) {
        super(stream);
        this.progress = progress;
    }

    @Override
    public int read() throws IOException {
        int read = in.read();
        count(read < 0 ? 0 : 1);
        return read;
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        int read = in.read(target, start, count);
        count(Math.max(0, read));
        return read;
    }

    @Override
    public long skip(long count) throws IOException {
        long skipped = in.skip(count);
        count(skipped);
        return skipped;
    }

    private void count(long more) {
        bytes += more;
        progress.accept(bytes);
    }
}
