package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Server-Sent Events on their way to one client. Used by the thread of the event source. */
public final class EventStream {
    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
    static final String MEDIA_TYPE = "text/event-stream";
    private static final Buffer COMMENT = Buffer.buffer(":\n\n");

    private final RoutingContext context;
    private final ResponseStream.Writer writer;
    private final ObjectMapper json;
    private final HttpLimits limits;

    EventStream(RoutingContext context, ObjectMapper json, HttpLimits limits) {
        this.context = context;
        this.writer = new ResponseStream.Writer(context.response(), limits.pauseMax());
        this.json = json;
        this.limits = limits;
    }

    /** Sends the events of a source, with comments in between that keep the connection alive, until the source ends or is interrupted. */
    void send(Response.EventSource source) throws IOException, InterruptedException {
        writer.write(COMMENT);
        var response = context.response();
        long heartbeat = context.vertx().setPeriodic(limits.heartbeat().toMillis(), tick -> {
            if (!response.closed() && !response.ended() && !response.writeQueueFull()) {
                response.write(COMMENT).onFailure(cause -> LOG.debug("events: {}", cause.toString()));
            }
        });
        try {
            source.sendTo(this);
        } catch (InterruptedException e) {
            LOG.debug("events: the client is gone or the service stops");
        } finally {
            context.vertx().cancelTimer(heartbeat);
        }
        writer.end();
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
