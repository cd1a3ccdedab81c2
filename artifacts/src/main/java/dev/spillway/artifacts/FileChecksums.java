package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.zip.CRC32C;

/**
 * Checksums of parts of files, read through a few reused buffers. Files are not mapped into memory, because a disk error would then end the process.
 */
final class FileChecksums {
    /** Small enough to stay in a processor's cache between the read and the checksum. */
    private static final int BUFFER_BYTES = 128 << 10;
    private static final int BUFFERS_KEPT = 16;
    private static final BlockingQueue<ByteBuffer> BUFFERS = new ArrayBlockingQueue<>(BUFFERS_KEPT);

    private FileChecksums() {}

    /** Adds a part of a file to a checksum, and returns whether the file has all of it. */
    static boolean add(CRC32C crc, FileChannel channel, long offset, long length) throws IOException {
        ByteBuffer buffer = BUFFERS.poll();
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        }
        try {
            for (long done = 0; done < length;) {
                buffer.clear().limit((int) Math.min(BUFFER_BYTES, length - done));
                int read = channel.read(buffer, offset + done);
                if (read < 0) {
                    return false;
                }
                crc.update(buffer.flip());
                done += read;
            }
            return true;
        } finally {
            var _ = BUFFERS.offer(buffer);
        }
    }
}
