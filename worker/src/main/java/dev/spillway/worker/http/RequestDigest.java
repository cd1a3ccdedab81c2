package dev.spillway.worker.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A digest of everything that a request asks for. The length of each text counts, too; otherwise {@code ab, c} and {@code a, bc} would have one
 * digest.
 */
final class RequestDigest {
    private RequestDigest() {}

    static String of(List<String> texts, byte[] body) {
        MessageDigest digest = begin(texts);
        digest.update(body);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns the stream of a body, which adds the body to the digest while it is read. */
    static DigestInputStream streamed(List<String> texts, InputStream body) {
        return new DigestInputStream(body, begin(texts));
    }

    /** Reads the rest of the body and returns the digest. Call it once. */
    static String end(DigestInputStream body) throws IOException {
        body.transferTo(OutputStream.nullOutputStream());
        return HexFormat.of().formatHex(body.getMessageDigest().digest());
    }

    private static MessageDigest begin(List<String> texts) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 (expected: in every Java platform)", e);
        }
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
            digest.update(bytes);
        }
        return digest;
    }
}
