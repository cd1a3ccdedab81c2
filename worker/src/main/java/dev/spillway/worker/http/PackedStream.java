package dev.spillway.worker.http;

import dev.spillway.worker.filesystem.archive.ZstdFrames;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;

/**
 * Refuses a body that is not compressed by zstd although its header says so. Otherwise a later reader would report a misleading error. It reads
 * nothing before its own reader does, because the first read asks the client for the body. Used by one thread.
 */
final class PackedStream extends FilterInputStream {
    private boolean checked;

    PackedStream(InputStream stream) {
        super(new BufferedInputStream(stream));
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
        in.mark(ZstdFrames.MAGIC_BYTES);
        byte[] beginning = in.readNBytes(ZstdFrames.MAGIC_BYTES);
        in.reset();
        if (!ZstdFrames.isBeginning(beginning)) {
            throw HostProblems.malformedArchive(
                    ".",
                    "said to be packed by zstd, and begins with the bytes '%s' (expected: a zstd frame, also a skippable one)"
                            .formatted(HexFormat.of().formatHex(beginning)));
        }
        checked = true;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
