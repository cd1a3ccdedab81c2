package dev.spillway.artifacts;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A record in a segment: a header of 48 bytes, the content, and zeros up to a multiple of 8 bytes. The header has a kind, the content's length, the
 * fingerprint, a checksum of these three, and a checksum of these three and the content. All numbers are big-endian.
 *
 * @param offset place in the segment
 * @param length length of the content in bytes
 */
record SegmentRecord(Kind kind, Fingerprint fingerprint, int offset, int length) {
    enum Kind {
        PUT(0x5350_4101),
        REMOVE(0x5350_4102),
        /** A put whose content is a {@link LargeFile}. */
        LARGE(0x5350_4103);

        private final int magic;

        Kind(int magic) {
            this.magic = magic;
        }
    }

    static final int HEADER = 48;
    private static final Kind[] KINDS = Kind.values();
    private static final int ALIGNMENT = 8;
    /** Bytes of the header that both checksums cover. */
    private static final int CHECKED = 40;

    /** Returns the bytes that a record takes. */
    static long space(long length) {
        return (HEADER + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    long space() {
        return space(length);
    }

    static ByteBuffer header(Kind kind, Fingerprint fingerprint, MemorySegment content) {
        ByteBuffer header = ByteBuffer.allocate(HEADER).putInt(kind.magic).putInt((int) content.byteSize());
        fingerprint.write(header);
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 0, CHECKED);
        header.putInt((int) crc.getValue());
        crc.update(content.asByteBuffer());
        return header.putInt((int) crc.getValue()).flip();
    }

    /**
     * Reads a header.
     *
     * @param bytes bytes with the header in them
     * @param at index of the header's first byte
     * @param offset offset of that byte in the segment
     * @return null if there is no valid header
     */
    static @Nullable SegmentRecord read(byte[] bytes, int at, int offset) {
        ByteBuffer header = ByteBuffer.wrap(bytes, at, HEADER);
        int magic = header.getInt();
        Kind kind = kind(magic);
        int length = header.getInt();
        if (kind == null || length < 0) {
            return null;
        }
        Fingerprint fingerprint = Fingerprint.read(header);
        return (int) headerSum(bytes, at).getValue() == header.getInt() ? new SegmentRecord(kind, fingerprint, offset, length) : null;
    }

    private static @Nullable Kind kind(int magic) {
        for (Kind kind : KINDS) {
            if (kind.magic == magic) {
                return kind;
            }
        }
        return null;
    }

    private static CRC32C headerSum(byte[] bytes, int at) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, at, CHECKED);
        return crc;
    }

    /** Returns whether these bytes, header and content, are undamaged. */
    boolean isIntact(byte[] bytes) {
        if (bytes.length != HEADER + length || !equals(read(bytes, 0, offset))) {
            return false;
        }
        CRC32C crc = headerSum(bytes, 0);
        crc.update(bytes, HEADER, length);
        return (int) crc.getValue() == ByteBuffer.wrap(bytes).getInt(CHECKED + Integer.BYTES);
    }

    /** Returns whether this record in the file, header and content, is undamaged. */
    boolean isIntact(FileChannel file) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        while (header.hasRemaining()) {
            if (file.read(header, offset + header.position()) < 0) {
                return false;
            }
        }
        if (!equals(read(header.array(), 0, offset))) {
            return false;
        }
        CRC32C crc = headerSum(header.array(), 0);
        return FileChecksums.add(crc, file, offset + (long) HEADER, length)
                && (int) crc.getValue() == header.getInt(CHECKED + Integer.BYTES);
    }

    /** Returns the content in the bytes of a record. */
    Artifact content(byte[] bytes) {
        return Artifact.shared(MemorySegment.ofArray(bytes).asSlice(HEADER, length));
    }
}
