package dev.spillway.worker.filesystem.archive;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A path or a link's target in an archive, byte for byte. The header of an entry holds its beginning. A name that does not fit, or is not ASCII, is
 * repeated as a whole. The repetition is in a PAX record if the name is UTF-8, otherwise in an entry of its own, as GNU tar makes it.
 *
 * <p>The part for the header is cut here, because the library would shorten a longer one character by character. Its characters stand for bytes (ISO
 * 8859-1).
 */
final class TarName {
    private static final int HEADER_BYTES_MAX = 99;

    private final byte[] bytes;
    private final @Nullable String text;

    private TarName(byte[] bytes, @Nullable String text) {
        this.bytes = bytes;
        this.text = text;
    }

    static TarName of(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            // A reader could not tell this name from one with undecodable bytes, which it shows by the same character.
            return new TarName(bytes, text.indexOf('\uFFFD') < 0 ? text : null);
        } catch (CharacterCodingException e) {
            return new TarName(bytes, null);
        }
    }

    String inHeader() {
        int length = Math.min(bytes.length, HEADER_BYTES_MAX);
        while (length < bytes.length && text != null && (bytes[length] & 0xC0) == 0x80) {
            length--;
        }
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }

    /** Returns the value of the PAX record, if there must be one. */
    @Nullable
    String inRecord() {
        boolean plain = text != null && text.length() == bytes.length && bytes.length <= HEADER_BYTES_MAX;
        return plain ? null : text;
    }

    /** Returns the content of the entry of its own, ended by NUL, if there must be one. */
    byte @Nullable [] inEntry() {
        return text == null && bytes.length > HEADER_BYTES_MAX ? Arrays.copyOf(bytes, bytes.length + 1) : null;
    }
}
