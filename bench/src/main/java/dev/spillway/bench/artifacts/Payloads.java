package dev.spillway.bench.artifacts;

import dev.spillway.artifacts.Fingerprint;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/** Keys and contents by number, the same in each run. */
final class Payloads {
    private static final int CONTENTS = 64;

    private Payloads() {}

    /** Returns bytes that look like a digest. */
    static byte[] keyBytes(long number) {
        SplittableRandom random = new SplittableRandom(number);
        return ByteBuffer.allocate(Fingerprint.BYTES)
                .putLong(random.nextLong())
                .putLong(random.nextLong())
                .putLong(random.nextLong())
                .putLong(number)
                .array();
    }

    static Fingerprint key(long number) {
        return Fingerprint.of(keyBytes(number));
    }

    /** Returns contents of one length. The content of a number is at the number's remainder by the size of the list. */
    static List<byte[]> contents(int length) {
        return LongStream.range(0, CONTENTS).mapToObj(number -> content(number, length)).toList();
    }

    /** Returns bytes that cannot be compressed. */
    static byte[] content(long number, int length) {
        byte[] content = new byte[length];
        new SplittableRandom(number).nextBytes(content);
        return content;
    }
}
