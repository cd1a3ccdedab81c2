package dev.spillway.pager;

import com.dynatrace.hash4j.hashing.ByteAccess;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The XXH3-128 of a content. It finds damage and recognises content; it is no defence against somebody who makes two contents collide, so equal hashes
 * are followed by a comparison of bytes before two pages count as one.
 */
record PageHash(long high, long low) {
    private static final Hasher128 XXH3 = Hashing.xxh3_128();
    private static final ByteAccess<MemorySegment> SEGMENTS = ByteAccess.forMemorySegment(MemorySegment.class);
    private static final int DIGITS = 32;

    static PageHash of(MemorySegment segment, long offset, long bytes) {
        return of(XXH3.hashBytesTo128Bits(segment, offset, bytes, SEGMENTS));
    }

    static PageHash of(byte[] content) {
        return of(XXH3.hashBytesTo128Bits(content));
    }

    static PageHash of(ByteBuffer content) {
        return of(MemorySegment.ofBuffer(content), 0, content.remaining());
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
