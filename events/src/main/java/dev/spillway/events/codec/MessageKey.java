package dev.spillway.events.codec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key that one host shares with its coordinators. Each order and report of the host on Kafka carries an authentication code made with the key. So
 * nobody else with write access to the topics can give the host orders, or report in its name. The code covers the type, the id and the value of a
 * message. A replayed message passes, and changes nothing: an order names a replica id that is never used again, and a report on it stays true.
 * Thread-safe.
 */
public final class MessageKey {
    /** Length of a key, in bytes. */
    public static final int BYTES = 32;
    /** Header of the code: HMAC-SHA256 in base64url without padding. */
    static final String HEADER = "ce_mac";

    private static final String ALGORITHM = "HmacSHA256";

    private final byte[] bytes;

    private MessageKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Returns the key of a host.
     *
     * @param secret the {@value #BYTES} bytes that all coordinators of a registry share
     */
    public static MessageKey of(byte[] secret, HostId host) {
        return new MessageKey(hmac(secret, host.value().getBytes(StandardCharsets.UTF_8)));
    }

    /** Reads a key as JSON carries it, in base64url without padding. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static MessageKey parse(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            if (bytes.length == BYTES) {
                return new MessageKey(bytes);
            }
        } catch (IllegalArgumentException e) {
            // The exception below does not show the text, which may be most of a key.
        }
        throw new InvalidValueException("messageKey", "...", BYTES + " bytes in base64url");
    }

    /** Returns the key as text, for the answer to a join and nothing else. */
    @JsonValue
    public String reveal() {
        return text(bytes);
    }

    /** Returns the code of a message, for its header. */
    String code(Map<String, String> headers, byte[] value) {
        return text(hmac(bytes, part(headers.getOrDefault(EventMessage.TYPE, "")), part(headers.getOrDefault(EventMessage.ID, "")), value));
    }

    /** Returns whether a message carries the code made with this key. The comparison takes constant time. */
    public boolean proves(Map<String, String> headers, byte[] value) {
        return MessageDigest.isEqual(
                code(headers, value).getBytes(StandardCharsets.UTF_8),
                headers.getOrDefault(HEADER, "").getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a part with its length in front. Otherwise {@code ab, c} and {@code a, bc} would have one code. */
    private static byte[] part(String text) {
        byte[] part = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + part.length).putInt(part.length).put(part).array();
    }

    private static byte[] hmac(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(ALGORITHM + " (expected: in every Java platform)", e);
        }
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns a text without the key. */
    @Override
    public String toString() {
        return "MessageKey";
    }
}
