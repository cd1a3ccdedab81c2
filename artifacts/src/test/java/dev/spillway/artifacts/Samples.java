package dev.spillway.artifacts;

import java.nio.ByteBuffer;
import java.util.Random;

/** Fingerprints and artifacts by number. */
final class Samples {
    private Samples() {}

    static Fingerprint fingerprint(int number) {
        return Fingerprint.sha256(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
    }

    static Artifact artifact(int seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return Artifact.shared(bytes);
    }
}
