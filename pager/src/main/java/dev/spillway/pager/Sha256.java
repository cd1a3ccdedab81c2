package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

final class Sha256 {
    private Sha256() {}

    static MessageDigest begin() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static ContentDigest end(MessageDigest digest) {
        return new ContentDigest(HexFormat.of().formatHex(digest.digest()));
    }

    static ContentDigest of(byte[] content) {
        MessageDigest digest = begin();
        digest.update(content);
        return end(digest);
    }
}
