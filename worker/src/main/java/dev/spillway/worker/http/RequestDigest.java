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

/** A digest of everything that a request asks for. Each text counts with its length, because parts that flow into one another would give two requests one digest. */
final class RequestDigest {
    private RequestDigest() {}

    static String of(List<String> texts, byte[] body) {
        MessageDigest digest = begin(texts);
        digest.update(body);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The stream of a body, counted while it is read. */
    static DigestInputStream streamed(List<String> texts, InputStream body) {
        return new DigestInputStream(body, begin(texts));
    }

    /** Reads what is left of the body, then tells the digest; once. */
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
