package dev.spillway.client.http;

import java.util.Map;
import java.util.Optional;

/**
 * A body other than JSON, of a request, or of an answer with its headers.
 *
 * @param bytes the whole body; must not be changed
 * @param headers headers of an answer by name in lower case, one value each
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
public record Content(byte[] bytes, Map<String, String> headers) {
    /** Wraps the body of a request. */
    public static Content of(byte[] bytes) {
        return new Content(bytes, Map.of());
    }

    /** @param name in lower case */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }
}
