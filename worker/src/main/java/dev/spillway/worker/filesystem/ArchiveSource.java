package dev.spillway.worker.filesystem;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The unpacked bytes of an archive as they are read: bounds what one header may take (a long name or an attribute is read into memory
 * whole) and sees whether the end mark of blocks of zeros was there.
 */
final class ArchiveSource extends FilterInputStream {
    private static final long MAX_HEADER_BYTES = 4L * 1024 * 1024;
    private static final int END_MARK_BYTES = 512;

    private long headerBytesLeft = Long.MAX_VALUE;
    private long trailingZeros;

    ArchiveSource(InputStream unpacked) {
        super(unpacked);
    }

    void beginHeader() {
        headerBytesLeft = MAX_HEADER_BYTES;
    }

    void endHeader() {
        headerBytesLeft = Long.MAX_VALUE;
    }

    boolean endsWithMark() {
        return trailingZeros >= END_MARK_BYTES;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int read = read(one, 0, 1);
        return read < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        int read = super.read(target, start, count);
        if (read > 0) {
            headerBytesLeft -= read;
            if (headerBytesLeft < 0) {
                throw new IOException("a header is longer than %d bytes".formatted(MAX_HEADER_BYTES));
            }
            countZeros(target, start, read);
        }
        return read;
    }

    private void countZeros(byte[] bytes, int start, int count) {
        int zeros = 0;
        while (zeros < count && bytes[start + count - 1 - zeros] == 0) {
            zeros++;
        }
        trailingZeros = zeros == count ? trailingZeros + count : zeros;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.min(count, 64 * 1024)];
        int read = read(skipped, 0, skipped.length);
        return Math.max(read, 0);
    }
}
