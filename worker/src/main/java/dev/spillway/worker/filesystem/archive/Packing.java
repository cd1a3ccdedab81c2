package dev.spillway.worker.filesystem.archive;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** Compression formats of archives that are unpacked. */
public enum Packing {
    ZSTD {
        @Override
        boolean isBeginning(byte[] bytes) {
            return ZstdFrames.isBeginning(bytes);
        }

        @Override
        InputStream unpacked(InputStream packed) {
            return new ZstdFrames(packed);
        }
    },
    GZIP {
        @Override
        boolean isBeginning(byte[] bytes) {
            return bytes.length >= 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b;
        }

        @Override
        InputStream unpacked(InputStream packed) throws IOException {
            // The JDK's own stream takes garbage behind a member for the end of the stream.
            return GzipCompressorInputStream.builder().setInputStream(packed).setDecompressConcatenated(true).get();
        }
    };

    /** Number of bytes by which a format is recognized. */
    public static final int MAGIC_BYTES = ZstdFrames.MAGIC_BYTES;

    abstract boolean isBeginning(byte[] bytes);

    abstract InputStream unpacked(InputStream packed) throws IOException;

    /** Returns the format that a stream with these first bytes has; empty for any other. */
    public static Optional<Packing> of(byte[] beginning) {
        return Stream.of(values()).filter(packing -> packing.isBeginning(beginning)).findFirst();
    }

    /** Returns its name in headers and messages, such as {@code gzip}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
