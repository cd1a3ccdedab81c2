package dev.spillway.artifacts;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An artifact in a file of its own, which has the content and nothing else. A record in a segment names the file.
 *
 * @param number number of the file, which is a part of its name
 * @param size length of the content in bytes
 * @param sum checksum of the content
 */
record LargeFile(long number, long size, int sum) {
    /** Length of the content of its record. */
    static final int BYTES = 2 * Long.BYTES + Integer.BYTES;

    MemorySegment written() {
        return MemorySegment.ofArray(ByteBuffer.allocate(BYTES).putLong(number).putLong(size).putInt(sum).array());
    }

    /** @return null if the content is not that of such a record */
    static @Nullable LargeFile read(ByteBuffer content) {
        if (content.remaining() != BYTES) {
            return null;
        }
        LargeFile file = new LargeFile(content.getLong(), content.getLong(), content.getInt());
        return file.number < 0 || file.size < 0 ? null : file;
    }
}
