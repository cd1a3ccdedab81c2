package dev.spillway.pager;

import com.dynatrace.hash4j.hashing.ByteAccess;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The XXH3-128 of a content. It finds damage and recognises content; it is no defence against somebody who makes two contents collide, so equal hashes
 * are followed by a comparison of bytes before two pages count as one.
 */
record PageHash(long high, long low) {
    private static final Hasher128 XXH3 = Hashing.xxh3_128();
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ByteAccess<MemorySegment> PROCESS = new ProcessMemory();
    private static final int DIGITS = 32;

    /**
     * Reads by address, from one segment over all memory of the process. The compiler knows that segment, so one copy of the hash's code is fast for all
     * pages. With a segment of its own for each content, the code would check which kind of segment it has at each of its many reads: where it has met
     * three kinds, it takes three times as long for all of them until the process ends.
     */
    private static final class ProcessMemory implements ByteAccess<MemorySegment> {
        @SuppressWarnings("restricted")
        private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

        @Override
        public byte getByte(MemorySegment content, long address) {
            return MEMORY.get(ValueLayout.JAVA_BYTE, address);
        }

        @Override
        public int getInt(MemorySegment content, long address) {
            return MEMORY.get(INT, address);
        }

        @Override
        public long getLong(MemorySegment content, long address) {
            return MEMORY.get(LONG, address);
        }
    }

    /**
     * Returns the hash of a content outside the Java heap. Whoever calls keeps the memory from being freed meanwhile.
     *
     * @throws IllegalArgumentException if the content is on the heap
     * @throws IllegalStateException    if its memory is freed already
     */
    static PageHash of(MemorySegment content) {
        if (!content.isNative()) {
            throw new IllegalArgumentException("content: on the heap (expected: outside of it)");
        }
        if (!content.scope().isAlive()) {
            throw new IllegalStateException("content: its memory is freed");
        }
        try {
            return of(XXH3.hashBytesTo128Bits(content, content.address(), content.byteSize(), PROCESS));
        } finally {
            Reference.reachabilityFence(content);
        }
    }

    /** Returns the hash of a few bytes, which take another copy of the hash's code. */
    static PageHash of(byte[] content) {
        return of(XXH3.hashBytesTo128Bits(content));
    }

    /** Returns the hash of what remains in a direct buffer. */
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
