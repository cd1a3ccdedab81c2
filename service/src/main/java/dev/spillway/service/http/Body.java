package dev.spillway.service.http;

import java.util.List;
import java.util.stream.Stream;

/**
 * Which bodies a route takes. A body of a gathered type is in memory before the handler starts; one of a streamed type is read by the
 * handler while it arrives.
 *
 * @param gathered media types that are gathered
 * @param gatheredBytesMax bound of a gathered body, 0 for the service's own
 * @param streamed media types that are streamed; {@link #ANY} takes all
 * @param streamedBytesMax bound of a streamed body
 */
public record Body(List<String> gathered, long gatheredBytesMax, List<String> streamed, long streamedBytesMax) {
    public static final String JSON = "application/json";
    /** Any media type, or none. */
    public static final String ANY = "*/*";

    public Body {
        gathered = List.copyOf(gathered);
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
        return new Body(gathered, gatheredBytesMax, mediaTypes, bytesMax);
    }

    boolean isNone() {
        return gathered.isEmpty() && streamed.isEmpty();
    }

    boolean gathers(String mediaType) {
        return gathered.contains(mediaType);
    }

    boolean streams(String mediaType) {
        return streamed.contains(mediaType) || streamed.contains(ANY);
    }

    List<String> expected() {
        return Stream.concat(gathered.stream(), streamed.stream()).toList();
    }
}
