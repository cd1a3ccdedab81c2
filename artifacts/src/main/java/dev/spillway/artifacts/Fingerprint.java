package dev.spillway.artifacts;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names an artifact by 32 bytes, usually the SHA-256 of everything that its content depends on. Immutable. */
public final class Fingerprint implements Comparable<Fingerprint> {
    /** Length in bytes. */
    public static final int BYTES = 32;
    private static final HexFormat HEX = HexFormat.of();
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private final long first;
    private final long second;
    private final long third;
    private final long fourth;

    private Fingerprint(ByteBuffer bytes) {
        this.first = bytes.getLong();
        this.second = bytes.getLong();
        this.third = bytes.getLong();
        this.fourth = bytes.getLong();
    }

    /** @throws IllegalArgumentException if there are not exactly 32 bytes */
    public static Fingerprint of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("fingerprint of %d bytes (expected: %d)".formatted(bytes.length, BYTES));
        }
        return new Fingerprint(ByteBuffer.wrap(bytes));
    }

    /** Reads the next 32 bytes of a buffer. */
    static Fingerprint read(ByteBuffer buffer) {
        return new Fingerprint(buffer);
    }

    /** @throws IllegalArgumentException if the text is not 64 lower-case hexadecimal digits */
    public static Fingerprint parse(String text) {
        if (text.length() != 2 * BYTES || !text.chars().allMatch(Fingerprint::isLowerHex)) {
            throw new IllegalArgumentException("fingerprint: '%s' (expected: 64 lower-case hexadecimal digits)".formatted(shown(text)));
        }
        return of(HEX.parseHex(text));
    }

    private static boolean isLowerHex(int character) {
        return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
    }

    private static String shown(String text) {
        return text.length() <= 2 * BYTES ? text : text.substring(0, 2 * BYTES) + "...";
    }

    /** Returns the SHA-256 of the bytes. */
    public static Fingerprint sha256(byte[] bytes) {
        try {
            return of(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Appends the 32 bytes to a buffer. */
    void write(ByteBuffer buffer) {
        buffer.putLong(first).putLong(second).putLong(third).putLong(fourth);
    }

    public byte[] toByteArray() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        write(bytes);
        return bytes.array();
    }

    /** Returns a well distributed hash, also for fingerprints that are no digests. */
    long mixed() {
        long hash = (first ^ Long.rotateLeft(second, 17) ^ Long.rotateLeft(third, 31) ^ Long.rotateLeft(fourth, 47)) * MIX;
        return hash ^ (hash >>> 29);
    }

    @Override
    public int compareTo(Fingerprint other) {
        int order = Long.compareUnsigned(first, other.first);
        if (order == 0) {
            order = Long.compareUnsigned(second, other.second);
        }
        if (order == 0) {
            order = Long.compareUnsigned(third, other.third);
        }
        return order == 0 ? Long.compareUnsigned(fourth, other.fourth) : order;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint that && first == that.first && second == that.second && third == that.third
                && fourth == that.fourth;
    }

    @Override
    public int hashCode() {
        return (int) mixed();
    }

    /** Returns the 64 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        return HEX.formatHex(toByteArray());
    }
}
