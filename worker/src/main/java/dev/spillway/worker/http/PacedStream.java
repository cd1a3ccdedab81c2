package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongSupplier;

/**
 * Ends an upload whose sender is too slow. Only the time spent waiting for the sender counts, so a slow disk is not blamed on the sender. Used by one
 * thread.
 */
final class PacedStream extends FilterInputStream {
    private static final double NANOS_PER_SECOND = 1e9;

    private final UploadPace pace;
    private final LongSupplier nanoTime;
    private long waitedNanos;
    private long received;

    PacedStream(InputStream stream, UploadPace pace, LongSupplier nanoTime) {
        super(stream);
        this.pace = pace;
        this.nanoTime = nanoTime;
    }

    @Override
    public int read() throws IOException {
        long began = nanoTime.getAsLong();
        int read = in.read();
        count(began, read < 0 ? -1 : 1);
        return read;
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        long began = nanoTime.getAsLong();
        int read = in.read(target, start, count);
        count(began, read);
        return read;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.min(Math.max(count, 0), 64 * 1024)];
        return Math.max(0, read(skipped, 0, skipped.length));
    }

    private void count(long began, int read) {
        if (read < 0) {
            return;
        }
        waitedNanos += nanoTime.getAsLong() - began;
        received += read;
        if (waitedNanos >= pace.over().toNanos()) {
            double bytesPerSecond = received * NANOS_PER_SECOND / Math.max(1, waitedNanos);
            if (bytesPerSecond < pace.bytesPerSecondMin()) {
                throw Problem
                        .of(
                                ProblemType.UPLOAD_TOO_SLOW,
                                "body: %d bytes per second over %s (expected: %d bytes or more per second)".formatted(
                                        (long) bytesPerSecond,
                                        pace.over(),
                                        pace.bytesPerSecondMin()))
                        .exception();
            }
            // Each period counts alone, so a fast beginning does not excuse a stalled rest.
            waitedNanos = 0;
            received = 0;
        }
    }
}
