package dev.spillway.worker.filesystem.archive;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Unpacks successive zstd frames as one stream, with skippable frames anywhere among them. The stream ends where a frame ends, after its checksum is
 * verified. The library's own stream is not used: it forgets that it is within a frame if that frame began in the buffer of the previous one. So it
 * takes a truncated second frame, or a few bytes after the last frame, for the end.
 */
public final class ZstdFrames extends InputStream {
    /** Binary logarithm of the largest window that decoders accept by default. A decoder needs memory of the window's size. */
    private static final int MAX_WINDOW_LOG = 27;
    private static final int MAGIC = 0xfd2fb528;
    private static final int SKIPPABLE_MAGIC = 0x184d2a50;
    private static final int SKIPPABLE_MASK = 0xfffffff0;
    private static final int MAX_HEADER_BYTES = 18;
    private static final int BUFFER_BYTES = 128 * 1024;

    /** Number of bytes that {@link #isBeginning} looks at. */
    public static final int MAGIC_BYTES = Integer.BYTES;

    private final InputStream packed;
    private final ZstdDecompressCtx decoder = new ZstdDecompressCtx().setLongMax(MAX_WINDOW_LOG);
    private final ByteBuffer source = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    private final byte[] header = new byte[MAX_HEADER_BYTES];
    private int headerBytes;
    private boolean withinFrame;
    private boolean holdsMore;

    ZstdFrames(InputStream packed) {
        this.packed = packed;
    }

    /** Returns whether these bytes begin a frame. */
    public static boolean isBeginning(byte[] bytes) {
        if (bytes.length < MAGIC_BYTES) {
            return false;
        }
        int magic = Integer.reverseBytes(ByteBuffer.wrap(bytes).getInt());
        return magic == MAGIC || (magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        ByteBuffer into = ByteBuffer.wrap(target, start, count);
        while (into.position() == start && into.hasRemaining()) {
            if (source.hasRemaining() || holdsMore) {
                unpack(into);
            } else if (!fill()) {
                if (withinFrame) {
                    throw new IOException("it is cut within a zstd frame");
                }
                return -1;
            }
        }
        return into.position() - start;
    }

    private boolean fill() throws IOException {
        int read = packed.read(source.array());
        source.position(0).limit(Math.max(read, 0));
        return read >= 0;
    }

    private void unpack(ByteBuffer into) throws IOException {
        if (!withinFrame) {
            headerBytes = 0;
        }
        int from = source.position();
        try {
            boolean ended = decoder.decompressByteBufferStream(into, source);
            rememberHeader(from, source.position());
            withinFrame = !ended && (withinFrame || source.position() > from);
            holdsMore = !ended && !into.hasRemaining();
        } catch (ZstdException e) {
            rememberHeader(from, source.limit());
            throw new IOException(why(e), e);
        }
    }

    private void rememberHeader(int from, int to) {
        int count = Math.min(to - from, MAX_HEADER_BYTES - headerBytes);
        System.arraycopy(source.array(), from, header, headerBytes, count);
        headerBytes += count;
    }

    private String why(ZstdException e) {
        long code = Math.abs(e.getErrorCode());
        if (code == Zstd.errFrameParameterWindowTooLarge()) {
            return "it needs a window of %s bytes (expected: at most %d, as zstd --long=%d makes)".formatted(
                    Long.toUnsignedString(windowBytes()),
                    1L << MAX_WINDOW_LOG,
                    MAX_WINDOW_LOG);
        }
        if (code == Zstd.errPrefixUnknown()) {
            return "it holds what is no zstd frame";
        }
        return String.valueOf(e.getMessage());
    }

    /** Returns the window size of RFC 8878: from the window descriptor, or the content size for a frame of one segment. */
    private long windowBytes() {
        int descriptor = header[MAGIC_BYTES];
        if ((descriptor & 0x20) == 0) {
            int window = Byte.toUnsignedInt(header[MAGIC_BYTES + 1]);
            long base = 1L << 10 + (window >> 3);
            return base + base / 8 * (window & 7);
        }
        return Zstd.getFrameContentSize(header, 0, headerBytes);
    }

    @Override
    public void close() throws IOException {
        decoder.close();
        packed.close();
    }
}
