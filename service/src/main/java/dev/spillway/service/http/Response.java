package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.codec.Json;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.util.LinkedHashMap;
import java.util.Map;

/** The answer of a handler. */
public record Response(int status, Map<CharSequence, CharSequence> headers, Content content) {
    /** Writes answers and reads bodies, refusing unknown fields. */
    static final ObjectMapper JSON = Json.strict();
    private static final Map<CharSequence, CharSequence> JSON_TYPE = mediaType(HttpHeaders.createOptimized(Endpoint.JSON));

    public Response {
        headers = Map.copyOf(headers);
    }

    sealed interface Content {
        /** A value, written as JSON. */
        record Json(Object value) implements Content {}

        /** Bytes that are in memory. */
        @SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
        record Bytes(byte[] bytes) implements Content {}

        /** A part of a file. */
        record FilePart(FileChannel file, long offset, long length, Runnable sent) implements Content {}

        /** A body that is written while it is sent, at the speed of the client; chunked if no header has its length. */
        record Streamed(StreamedBody body) implements Content {}

        /** Server-Sent Events, until the source returns, the client disconnects or the service stops. */
        record Events(EventSource source) implements Content {}
    }

    /** Writes a body. A write fails when the client is gone. */
    @FunctionalInterface
    public interface StreamedBody extends AutoCloseable {
        void writeTo(OutputStream out) throws IOException;

        /** Called exactly once, even if nothing was written. */
        @Override
        default void close() {}
    }

    /** Sends events. Interrupted when the client is gone or the service stops. */
    @FunctionalInterface
    public interface EventSource {
        void sendTo(ResponseStream events) throws IOException, InterruptedException;
    }

    public static Response ok(Object value) {
        return json(200, value);
    }

    public static Response json(int status, Object value) {
        return new Response(status, JSON_TYPE, new Content.Json(value));
    }

    /** 204. */
    public static Response noContent() {
        return empty(204);
    }

    /** Returns an answer without a body. */
    public static Response empty(int status) {
        return new Response(status, Map.of(), new Content.Bytes(new byte[0]));
    }

    public static Response bytes(String mediaType, byte[] bytes) {
        return new Response(200, mediaType(mediaType), new Content.Bytes(bytes));
    }

    /**
     * Returns an answer with a part of a file, which the operating system sends without this process reading it.
     *
     * @param sent called exactly once when the file is no longer needed, even if nothing was sent
     */
    public static Response file(String mediaType, FileChannel file, long offset, long length, Runnable sent) {
        return new Response(200, mediaType(mediaType), new Content.FilePart(file, offset, length, sent));
    }

    public static Response stream(String mediaType, StreamedBody body) {
        return new Response(200, mediaType(mediaType), new Content.Streamed(body));
    }

    public static Response events(EventSource source) {
        return new Response(200, mediaType("text/event-stream"), new Content.Events(source)).header("Cache-Control", "no-store");
    }

    /** Returns the same answer with another status. */
    public Response status(int other) {
        return new Response(other, headers, content);
    }

    /** Returns the same answer with a further header. */
    public Response header(String name, String text) {
        var more = new LinkedHashMap<>(headers);
        more.put(name, text);
        return new Response(status, more, content);
    }

    private static Map<CharSequence, CharSequence> mediaType(CharSequence type) {
        return Map.of(HttpHeaders.CONTENT_TYPE, type);
    }
}
