package dev.spillway.pager;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The XXH3-128 of a content. It finds damage and recognises content; it is no defence against somebody who makes two contents collide, so equal hashes
 * are followed by a comparison of bytes before two pages count as one.
 */
record PageHash(long high, long low) {
    private static final Hasher128 XXH3 = Hashing.xxh3_128();
    private static final int DIGITS = 32;
    /** Larger contents get an array of their own. */
    private static final int KEPT_BYTES_MAX = 2 << 20;
    /** Takes what is hashed. Hashing from segments has fallen to a tenth of its speed, as the compiler inlined their reads or did not. */
    private static final ThreadLocal<byte[]> COPY = ThreadLocal.withInitial(() -> new byte[0]);

    /**
     * Returns the hash of a content. Whoever calls keeps the memory from being freed meanwhile.
     *
     * @throws IllegalStateException if its memory is freed already
     */
    static PageHash of(MemorySegment content) {
        int length = Math.toIntExact(content.byteSize());
        byte[] copy = room(length);
        MemorySegment.copy(content, ValueLayout.JAVA_BYTE, 0, copy, 0, length);
        return of(XXH3.hashBytesTo128Bits(copy, 0, length));
    }

    private static byte[] room(int length) {
        byte[] kept = COPY.get();
        if (kept.length >= length) {
            return kept;
        }
        byte[] larger = new byte[length];
        if (length <= KEPT_BYTES_MAX) {
            COPY.set(larger);
        }
        return larger;
    }

    /** Returns the hash of all bytes. */
    static PageHash of(byte[] content) {
        return of(XXH3.hashBytesTo128Bits(content));
    }

    /** Returns the hash of what remains in a buffer. */
    static PageHash of(ByteBuffer content) {
        return of(MemorySegment.ofBuffer(content));
    }

    private static PageHash of(HashValue128 hash) {
        return new PageHash(hash.getMostSignificantBits(), hash.getLeastSignificantBits());
    }

    static PageHash parse(String text) {
        if (text.length() != DIGITS) {
            throw new IllegalArgumentException("hash: " + text + " (expected: 32 hexadecimal digits)");
        }
        return new PageHash(HexFormat.fromHexDigitsToLong(text, 0, 16), HexFormat.fromHexDigitsToLong(text, 16, DIGITS));
    }

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
