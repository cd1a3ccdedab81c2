package dev.spillway.worker.filesystem.posix;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The name of a directory's entry: 1 to 255 bytes other than NUL and slash, and neither {@code .} nor {@code ..}. Linux defines no encoding for
 * names, so a name that is not UTF-8 is kept byte for byte.
 */
public final class FileName implements Comparable<FileName> {
    private static final int MAX_BYTES = 255;

    private final byte[] bytes;

    private FileName(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * @throws IllegalArgumentException when the name is empty, too long, {@code .}, {@code ..}, or holds a slash or NUL
     */
    public static FileName of(String name) {
        return of(name.getBytes(StandardCharsets.UTF_8));
    }

    /** Does the same as {@link #of(String)} for the bytes of the name, which are copied. */
    public static FileName of(byte[] name) {
        if (name.length == 0 || name.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "entry name: %s has %d bytes (expected: 1 to %d)".formatted(text(name), name.length, MAX_BYTES));
        }
        for (byte b : name) {
            if (b == 0 || b == '/') {
                throw new IllegalArgumentException("entry name: %s (expected: no slash and no NUL)".formatted(text(name)));
            }
        }
        if (isDots(name)) {
            throw new IllegalArgumentException(
                    "entry name: %s (expected: an entry, not the directory itself or its parent)".formatted(text(name)));
        }
        return new FileName(name.clone());
    }

    static @Nullable FileName fromListing(byte[] name) {
        return isDots(name) ? null : new FileName(name);
    }

    private static boolean isDots(byte[] name) {
        return name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
    }

    byte[] bytes() {
        return bytes;
    }

    /** Returns a copy of the bytes of the name. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** Returns the name as text; empty if its bytes are not UTF-8. */
    public Optional<String> utf8() {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }

    @Override
    public int compareTo(FileName other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileName that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Returns the name for people, with the replacement character for bytes that are not UTF-8. */
    @Override
    public String toString() {
        return text(bytes);
    }
}
