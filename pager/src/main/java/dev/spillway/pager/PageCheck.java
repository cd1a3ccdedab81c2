package dev.spillway.pager;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The CRC-32C of each quarter of a slot's bytes, by which a slot in memory is verified. It costs at most a quarter of a {@link PageHash}, because the
 * processor has an instruction for it. The bytes of another page pass with a probability of 2^-128, and damage within one quarter with 2^-32.
 * Contents on a disk are identified by their hashes. A manifest has the checks, too, so that a restore need not compute them.
 *
 * @param low  checks of the first two quarters, the first one in the lower half
 * @param high checks of the last two quarters
 */
record PageCheck(long low, long high) {
    private static final int DIGITS = 32;
    private static final int QUARTERS = 4;
    /** Fits into the first-level cache of a core, so that checked bytes are copied from there. */
    private static final int AT_ONCE = 16 << 10;

    /** A part of a content in process memory. A page fault of a truncated file within the checksum's instructions would end the process. */
    private interface Part {
        ByteBuffer at(int offset, int bytes);
    }

    static PageCheck of(MemorySegment content) {
        return of(content.byteSize(), content.asByteBuffer()::slice, (_, _) -> {});
    }

    /** Returns the check of a content in a mapped file that another process may truncate. */
    static PageCheck ofMapped(MemorySegment content) {
        ByteBuffer part = ByteBuffer.allocate(AT_ONCE);
        return of(content.byteSize(), (offset, bytes) -> {
            MemorySegment.copy(content, offset, MemorySegment.ofBuffer(part), 0, bytes);
            return part.slice(0, bytes);
        }, (_, _) -> {});
    }

    /** Copies a content, and returns the check of the copied bytes. They are read once from memory, then from the cache. */
    static PageCheck copying(MemorySegment from, MemorySegment to) {
        return of(from.byteSize(), from.asByteBuffer()::slice, (offset, bytes) -> MemorySegment.copy(from, offset, to, offset, bytes));
    }

    /** Copies a content from a mapped file that another process may truncate, and returns the check of the copy. Slower than {@link #copying}. */
    static PageCheck ofCopy(MemorySegment from, MemorySegment to) {
        ByteBuffer copy = to.asByteBuffer();
        return of(from.byteSize(), (offset, bytes) -> {
            MemorySegment.copy(from, offset, to, offset, bytes);
            return copy.slice(offset, bytes);
        }, (_, _) -> {});
    }

    private interface Step {
        void done(int offset, int bytes);
    }

    static PageCheck parse(String text) {
        return new PageCheck(HexFormat.fromHexDigitsToLong(text, DIGITS / 2, DIGITS), HexFormat.fromHexDigitsToLong(text, 0, DIGITS / 2));
    }

    /** Returns 32 hexadecimal digits, of which the last 8 are the check of the first quarter. */
    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }

    private static PageCheck of(long bytes, Part part, Step step) {
        int length = Math.toIntExact(bytes);
        int quarter = Math.ceilDiv(length, QUARTERS);
        long[] checks = new long[QUARTERS];
        CRC32C check = new CRC32C();
        for (int number = 0; number < QUARTERS; number++) {
            check.reset();
            int end = Math.min(length, (number + 1) * quarter);
            for (int at = number * quarter; at < end; at += AT_ONCE) {
                int now = Math.min(AT_ONCE, end - at);
                check.update(part.at(at, now));
                step.done(at, now);
            }
            checks[number] = check.getValue();
        }
        return new PageCheck(checks[0] | checks[1] << Integer.SIZE, checks[2] | checks[3] << Integer.SIZE);
    }
}
