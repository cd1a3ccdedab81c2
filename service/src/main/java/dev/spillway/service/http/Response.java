package dev.spillway.service.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/** What a handler answers. */
public sealed interface Response {
    /** A value, written by the service's mapper. */
    record Json(int status, Object value, Map<String, String> headers) implements Response {
        public Json {
            headers = Map.copyOf(headers);
        }

        public Json header(String name, String text) {
            return new Json(status, value, Response.with(headers, name, text));
        }
    }

    /** Bytes that are in memory; none with 204. */
    @SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
    record Bytes(int status, String mediaType, byte[] bytes, Map<String, String> headers) implements Response {
        public Bytes {
            headers = Map.copyOf(headers);
        }

        public Bytes header(String name, String text) {
            return new Bytes(status, mediaType, bytes, Response.with(headers, name, text));
        }
    }

    /**
     * A body that is written while it is sent, no faster than the client takes it.
     *
     * @param length in bytes, where it is known
     */
    record Streamed(int status, String mediaType, OptionalLong length, Map<String, String> headers, StreamedBody body) implements Response {
        public Streamed {
            headers = Map.copyOf(headers);
        }

        public Streamed header(String name, String text) {
            return new Streamed(status, mediaType, length, Response.with(headers, name, text), body);
        }
    }

    /** Server-Sent Events, until the source returns, the client leaves or the service stops. */
    record Events(EventSource source) implements Response {}

    /** Writes a body. Interrupted when the client is gone. */
    @FunctionalInterface
    interface StreamedBody extends AutoCloseable {
        void writeTo(OutputStream out) throws IOException;

        /** Called exactly once, also when nothing was written. */
        @Override
        default void close() {}
    }

    /** Sends events. Interrupted when the client is gone or the service stops. */
    @FunctionalInterface
    interface EventSource {
        void sendTo(EventStream events) throws IOException, InterruptedException;
    }

    static Json ok(Object value) {
        return new Json(200, value, Map.of());
    }

    static Json json(int status, Object value) {
        return new Json(status, value, Map.of());
    }

    /** 204. */
    static Bytes noContent() {
        return new Bytes(204, "", new byte[0], Map.of());
    }

    static Bytes bytes(String mediaType, byte[] bytes) {
        return new Bytes(200, mediaType, bytes, Map.of());
    }

    static Streamed stream(String mediaType, StreamedBody body) {
        return new Streamed(200, mediaType, OptionalLong.empty(), Map.of(), body);
    }

    static Streamed stream(String mediaType, long length, StreamedBody body) {
        return new Streamed(200, mediaType, OptionalLong.of(length), Map.of(), body);
    }

    static Events events(EventSource source) {
        return new Events(source);
    }

    private static Map<String, String> with(Map<String, String> headers, String name, String text) {
        var more = new LinkedHashMap<>(headers);
        more.put(name, text);
        return more;
    }
}
