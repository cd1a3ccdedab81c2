package dev.spillway.artifacts;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * An artifact that arrives in a file of a store. {@link DiskArtifactStore#put(Fingerprint, ArtifactUpload)} makes the file a part of the store.
 * Otherwise closing this deletes the file; after a crash, the next start does. Used by one thread at a time.
 */
public final class ArtifactUpload extends OutputStream {
    private final LargeFiles files;
    private final long number;
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private long size;
    private boolean taken;
    private boolean closed;

    ArtifactUpload(LargeFiles files, long number, FileChannel channel) {
        this.files = files;
        this.number = number;
        this.channel = channel;
    }

    /** Returns how many bytes have arrived. */
    public long size() {
        return size;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[]{(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        crc.update(bytes, offset, length);
        size += length;
    }

    /** Opens the bytes that have arrived. They stay readable after this is closed. */
    public ArtifactFile open() throws IOException {
        return new ArtifactFile(FileChannel.open(files.path(number), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS), 0, size);
    }

    /** Makes the bytes that have arrived survive a loss of power. A failure of the disk concerns this artifact alone. */
    LargeFile finish() throws IOException {
        if (taken || closed) {
            throw new IllegalStateException("upload: put or closed already (expected: put once)");
        }
        channel.force(true);
        return new LargeFile(number, size, (int) crc.getValue());
    }

    void take() {
        taken = true;
    }

    /** Deletes the file, unless a store has taken it. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            channel.close();
            if (!taken) {
                Files.deleteIfExists(files.path(number));
            }
        }
    }
}
