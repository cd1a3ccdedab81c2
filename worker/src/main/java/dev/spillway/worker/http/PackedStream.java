package dev.spillway.worker.http;

import dev.spillway.worker.filesystem.archive.Packing;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;

/**
 * Refuses a body that is not compressed as its header says. Otherwise a later reader would report a misleading error. It reads
 * nothing before its own reader does, because the first read asks the client for the body. Used by one thread.
 */
final class PackedStream extends FilterInputStream {
    private final Packing expected;
    private boolean checked;

    PackedStream(InputStream stream, Packing expected) {
        super(new BufferedInputStream(stream));
        this.expected = expected;
    }

    @Override
    public int read() throws IOException {
        check();
        return in.read();
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        check();
        return in.read(target, start, count);
    }

    @Override
    public long skip(long count) throws IOException {
        check();
        return in.skip(count);
    }

    private void check() throws IOException {
        if (checked) {
            return;
        }
        in.mark(Packing.MAGIC_BYTES);
        byte[] beginning = in.readNBytes(Packing.MAGIC_BYTES);
        in.reset();
        if (Packing.of(beginning).filter(expected::equals).isEmpty()) {
            throw HostProblems.malformedArchive(
                    ".",
                    "said to be packed by %1$s, and begins with the bytes '%2$s' (expected: the beginning of a %1$s stream)"
                            .formatted(expected.text(), HexFormat.of().formatHex(beginning)));
        }
        checked = true;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
