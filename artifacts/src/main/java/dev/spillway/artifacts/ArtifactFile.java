package dev.spillway.artifacts;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The content of an artifact as a part of a file. It stays readable and unchanged until this is closed, also if the store deletes the file, because
 * the file is open here. Thread-safe, except that an interrupt of a reader closes the channel.
 */
public final class ArtifactFile implements ArtifactContent, AutoCloseable {
    private final FileChannel channel;
    private final long offset;
    private final long size;

    ArtifactFile(FileChannel channel, long offset, long size) {
        this.channel = channel;
        this.offset = offset;
        this.size = size;
    }

    /** Returns the channel of the file. Its position has no meaning. */
    public FileChannel channel() {
        return channel;
    }

    /** Returns the place of the content's first byte in the file. */
    public long offset() {
        return offset;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public InputStream stream() {
        return new InputStream() {
            private long position;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                if (position == size) {
                    return -1;
                }
                int read = channel.read(ByteBuffer.wrap(bytes, from, (int) Math.min(length, size - position)), offset + position);
                position += Math.max(0, read);
                return read;
            }
        };
    }

    /** Returns a copy of the content. */
    Artifact toArtifact() throws IOException {
        return Artifact.shared(stream().readNBytes(Math.toIntExact(size)));
    }

    /** Closes the file. Closing a second time does nothing. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a file that was only read cannot be closed", e);
        }
    }

    @Override
    public String toString() {
        return "artifact of %d bytes in a file".formatted(size);
    }
}
