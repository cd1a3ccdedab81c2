package dev.spillway.service.http;

import java.util.List;
import java.util.stream.Stream;

/**
 * The bodies that an operation takes. JSON is gathered in memory before the handler starts; a body of a streamed type is read by the handler
 * while it arrives.
 *
 * @param jsonTypes {@link #JSON}, or nothing
 * @param jsonBytesMax bound of a gathered body, 0 for the service's own
 * @param streamed media types that are streamed; {@link #ANY} takes all
 * @param streamedBytesMax bound of a streamed body
 */
public record Body(List<String> jsonTypes, long jsonBytesMax, List<String> streamed, long streamedBytesMax) {
    public static final String JSON = "application/json";
    /** Any media type, or none. */
    public static final String ANY = "*/*";

    public Body {
        jsonTypes = List.copyOf(jsonTypes);
        streamed = List.copyOf(streamed);
    }

    /** A request that carries nothing. */
    public static Body none() {
        return new Body(List.of(), 0, List.of(), 0);
    }

    /** JSON of the service's usual size; the handler decides whether it can be left out. */
    public static Body json() {
        return json(0);
    }

    public static Body json(long bytesMax) {
        return new Body(List.of(JSON), bytesMax, List.of(), 0);
    }

    public static Body stream(long bytesMax, List<String> mediaTypes) {
        return new Body(List.of(), 0, mediaTypes, bytesMax);
    }

    /** Also takes a stream of other media types. */
    public Body orStream(long bytesMax, List<String> mediaTypes) {
        return new Body(jsonTypes, jsonBytesMax, mediaTypes, bytesMax);
    }

    long jsonBytesMax(HttpLimits limits) {
        return jsonBytesMax == 0 ? limits.bodyBytesMax() : jsonBytesMax;
    }

    boolean isNone() {
        return jsonTypes.isEmpty() && streamed.isEmpty();
    }

    boolean gathers(String mediaType) {
        return jsonTypes.contains(mediaType);
    }

    boolean streams(String mediaType) {
        return streamed.contains(mediaType) || streamed.contains(ANY);
    }

    List<String> expected() {
        return Stream.concat(jsonTypes.stream(), streamed.stream()).toList();
    }
}
