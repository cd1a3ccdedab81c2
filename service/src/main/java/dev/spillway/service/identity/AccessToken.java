package dev.spillway.service.identity;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.InvalidValueException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Texts that authenticate a caller. They have 256 random bits, so that only their SHA-256 is stored. The digest does not reveal the text, and looking
 * up a digest compares nothing secret.
 */
public final class AccessToken {
    /** Prefix by which tools that scan files and logs for secrets find a token. */
    private static final String PREFIX = "spillway_";
    private static final int RANDOM_BYTES = 32;
    private static final Pattern FORM = Pattern.compile(PREFIX + "[A-Za-z0-9_-]{43}");

    private AccessToken() {}

    /** Returns a new token, such as {@code spillway_rAnd...}, 52 characters long. */
    public static String mint(SecureRandom random) {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns whether a text has the form of {@link #mint}. A password of another service normally does not. */
    public static boolean hasForm(String text) {
        return FORM.matcher(text).matches();
    }

    /** Returns its SHA-256 as 64 lower-case hexadecimal digits. */
    public static String digest(String token) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 (expected: in every Java platform)", e);
        }
    }

    /** @throws InvalidValueException if the text is not a digest */
    public static String requireDigest(String name, String text) {
        if (!ContentDigest.isDigest(text)) {
            // The value is not shown, because it can be the token itself.
            throw new InvalidValueException(name, "...", ContentDigest.EXPECTED);
        }
        return text;
    }
}
