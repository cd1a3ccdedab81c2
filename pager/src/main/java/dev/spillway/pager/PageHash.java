package dev.spillway.pager;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The XXH3-128 of a content. It detects damage and finds equal contents. It is not collision-resistant against attacks, so bytes are compared, too,
 * before two pages count as equal.
 */
record PageHash(long high, long low) {
    private static final Hasher128 XXH3 = Hashing.xxh3_128();
    private static final int DIGITS = 32;
    /** Largest array that a thread keeps. A larger content gets a new array each time. */
    private static final int KEPT_BYTES_MAX = 2 << 20;
    /** Takes a copy of the content, because hashing from a memory segment was up to ten times slower if the compiler did not inline its reads. */
    private static final ThreadLocal<byte[]> COPY = ThreadLocal.withInitial(() -> new byte[0]);

    /**
     * Returns the hash of a content. The caller keeps the memory from being freed meanwhile.
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

    /** Returns the hash of the remaining bytes of a buffer. */
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
