package dev.spillway.pager;

import com.dynatrace.hash4j.hashing.ByteAccess;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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

    /** Returns the check of this content at a place, which no other place has: a right page in a wrong place fails it. */
    String at(PagerMeta meta, String sequence, String part, int position) {
        byte[] name = sequence.getBytes(StandardCharsets.UTF_8);
        byte[] where = part.getBytes(StandardCharsets.UTF_8);
        ByteBuffer place = ByteBuffer.allocate(128 + 4 + name.length + 4 + where.length + 4 + 16).order(ByteOrder.LITTLE_ENDIAN);
        place.put(meta.model().value().getBytes(StandardCharsets.US_ASCII)).put(meta.layout().value().getBytes(StandardCharsets.US_ASCII));
        place.putInt(name.length).put(name).putInt(where.length).put(where).putInt(position).putLong(high).putLong(low);
        return HexFormat.of().toHexDigits(of(place.array()).low());
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
