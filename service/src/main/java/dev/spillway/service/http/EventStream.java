package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Server-Sent Events on their way to one client. Used by the thread of the event source. */
public final class EventStream {
    static final String MEDIA_TYPE = "text/event-stream";
    static final Buffer COMMENT = Buffer.buffer(":\n\n");

    private final ResponseWriter writer;
    private final ObjectMapper json;

    EventStream(ResponseWriter writer, ObjectMapper json) {
        this.writer = writer;
        this.json = json;
    }

    /**
     * Sends one event; blocks while the client is slow.
     *
     * @param id what the client sends as {@code Last-Event-ID} when it comes back; an event without one leaves that as it is
     * @param name kind of event
     * @param data written as JSON
     * @throws IOException when the client is gone
     */
    public void send(@Nullable String id, String name, Object data) throws IOException, InterruptedException {
        var event = new StringBuilder();
        if (id != null) {
            event.append("id: ").append(oneLine("id", id)).append('\n');
        }
        event.append("event: ")
                .append(oneLine("name", name))
                .append("\ndata: ")
                .append(oneLine("data", json.writeValueAsString(data)))
                .append("\n\n");
        writer.write(Buffer.buffer(event.toString()));
    }

    private static String oneLine(String part, String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(part + ": " + text + " (expected: one line)");
        }
        return text;
    }
}
