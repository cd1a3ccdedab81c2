package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.tree.TreeWalk;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The unpacked bytes of an archive as they are read. Bounds the size of one header, because a long name or an attribute is read into memory whole.
 * Lets only zeros follow the end mark.
 */
final class ArchiveSource extends FilterInputStream {
    private static final long MAX_HEADER_BYTES = 4L * 1024 * 1024;
    private static final int BUFFER_BYTES = 64 * 1024;

    private static final int MAGIC_BYTES = 10;
    /** First bytes of streams in compression formats that are refused (ISO 8859-1). */
    private static final Map<String, Pattern> PACKED = Map.of(
            "xz",
            Pattern.compile("\\xfd7zXZ\\x00"),
            "bzip2",
            Pattern.compile("BZh[1-9]1AY&SY"),
            "lz4",
            Pattern.compile("\\x04\"M\\x18"));

    private long headerBytesLeft = Long.MAX_VALUE;
    private long position;
    private boolean ended;

    ArchiveSource(InputStream unpacked) {
        super(new BufferedInputStream(unpacked));
    }

    /** Throws if the stream begins as a compressed one. That message helps more than one that it holds no archive. */
    void refusePacked() throws IOException {
        in.mark(MAGIC_BYTES);
        byte[] bytes = in.readNBytes(MAGIC_BYTES);
        in.reset();
        Optional<Packing> twice = Packing.of(bytes);
        if (twice.isPresent()) {
            throw new IOException("it is packed twice, within by %s, which is not taken".formatted(twice.get().text()));
        }
        String beginning = new String(bytes, StandardCharsets.ISO_8859_1);
        for (Map.Entry<String, Pattern> packed : PACKED.entrySet()) {
            if (packed.getValue().matcher(beginning).lookingAt()) {
                throw new IOException("it is packed by %s, which is not taken".formatted(packed.getKey()));
            }
        }
    }

    void beginHeader() {
        headerBytesLeft = MAX_HEADER_BYTES;
    }

    void endHeader() {
        headerBytesLeft = Long.MAX_VALUE;
    }

    /** Notes that the end mark was read. */
    void end() {
        ended = true;
    }

    long position() {
        return position;
    }

    boolean ended() {
        return ended;
    }

    /**
     * Reads the stream to its end. In a compressed stream, the checksum follows the end mark of the archive.
     *
     * @throws StagingStopped when more than so many bytes follow the end mark
     */
    void readToEnd(long maxBytes) throws IOException, InterruptedException, StagingStopped {
        byte[] zeros = new byte[BUFFER_BYTES];
        long from = position;
        while (read(zeros, 0, zeros.length) >= 0) {
            TreeWalk.checkInterrupt();
            if (position - from > maxBytes) {
                throw StagingStopped.tooLarge(maxBytes);
            }
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int read = read(one, 0, 1);
        return read < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    /** Reads as many bytes as requested, unless the stream ends. The library would take fewer bytes for the end of a sparse file's segment. */
    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        int read = in.readNBytes(target, start, count);
        if (read > 0) {
            headerBytesLeft -= read;
            if (headerBytesLeft < 0) {
                throw new IOException("a header is longer than %d bytes".formatted(MAX_HEADER_BYTES));
            }
            if (ended) {
                requireZeros(target, start, read);
            }
            position += read;
        }
        return read == 0 && count > 0 ? -1 : read;
    }

    private void requireZeros(byte[] bytes, int start, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            if (bytes[start + i] != 0) {
                throw new IOException(
                        "it holds more behind its end mark, at offset %d of the tar stream (expected: zeros, and no second archive)"
                                .formatted(position + i));
            }
        }
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.min(count, BUFFER_BYTES)];
        int read = read(skipped, 0, skipped.length);
        return Math.max(read, 0);
    }

    /** Returns false, because bytes that are read twice would be counted twice. */
    @Override
    public boolean markSupported() {
        return false;
    }
}
