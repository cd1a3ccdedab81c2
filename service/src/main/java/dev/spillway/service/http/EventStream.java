package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Server-Sent Events on their way to one client. Used by the thread of the event source. */
public final class EventStream {
    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
    private static final Buffer COMMENT = Buffer.buffer(":\n\n");

    private final ResponseStream out;
    private final ObjectMapper json;

    EventStream(ResponseStream out, ObjectMapper json) {
        this.out = out;
        this.json = json;
    }

    /**
     * Sends the events of a source, with comments in between that keep the connection alive, until the source ends, the client leaves or the
     * service stops; the latter two interrupt it.
     *
     * @param threads shut down before the connections are
     */
    void send(Response.EventSource source, RoutingContext context, Duration heartbeat, ExecutorService threads) throws IOException {
        var response = context.response();
        var connection = context.request().connection();
        var sender = Thread.currentThread();
        response.closeHandler(gone -> sender.interrupt());
        connection.shutdownHandler(stops -> sender.interrupt());
        long timer = context.vertx().setPeriodic(heartbeat.toMillis(), tick -> {
            if (!response.closed() && !response.ended() && !response.writeQueueFull()) {
                response.write(COMMENT).onFailure(cause -> LOG.debug("events: {}", cause.toString()));
            }
        });
        try {
            // Either is seen here, or its handler is called.
            if (threads.isShutdown()) {
                throw Answers.stopping().exception();
            }
            out.send(COMMENT);
            source.sendTo(this);
        } catch (InterruptedException | InterruptedIOException e) {
            LOG.debug("events: the client is gone or the service stops");
        } finally {
            context.vertx().cancelTimer(timer);
            response.closeHandler(null);
            connection.shutdownHandler(null);
            // The stream is ended by its last chunk, which is waited for.
            Thread.interrupted();
        }
    }

    /**
     * Sends one event; blocks while the client is slow.
     *
     * @param id what the client sends as {@code Last-Event-ID} when it comes back; an event without one leaves that as it is
     * @param name kind of event
     * @param data written as JSON, which has no line breaks
     * @throws IOException when the client is gone
     */
    public void send(@Nullable String id, String name, Object data) throws IOException, InterruptedException {
        var event = (id == null ? "" : "id: " + oneLine(id) + "\n") + "event: " + oneLine(name) + "\ndata: "
                + oneLine(json.writeValueAsString(data)) + "\n\n";
        out.send(Buffer.buffer(event));
    }

    private static String oneLine(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("event: " + text + " (expected: parts of one line)");
        }
        return text;
    }
}
