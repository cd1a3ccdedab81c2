package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import dev.spillway.service.http.Response.Content;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what handlers answer. Thread-safe; a stream blocks its caller until it is sent. */
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    private final ObjectMapper json;
    private final HttpLimits limits;
    private final Semaphore streams;

    Answers(ObjectMapper json, HttpLimits limits) {
        this.json = json;
        this.limits = limits;
        this.streams = new Semaphore(limits.streamsMax());
    }

    int streamsOpen() {
        return limits.streamsMax() - streams.availablePermits();
    }

    void send(RoutingContext context, Response answer) throws IOException {
        switch (answer.content()) {
            case Content.Json(var value) -> end(context, answer.status(), answer.headers(), Buffer.buffer(json.writeValueAsBytes(value)));
            case Content.Bytes(var bytes) -> end(context, answer.status(), answer.headers(), Buffer.buffer(bytes));
            case Content.FilePart part -> sendFile(context, answer, part);
            case Content.Streamed(var body) -> {
                try (body) {
                    stream(context, answer, body::writeTo);
                }
            }
            case Content.Events(var source) -> stream(context, answer, out -> {
                var client = Request.of(context).client();
                try {
                    if (!client.beginEvents()) {
                        throw Problems.stopping().exception();
                    }
                    new EventStream(out, json).send(source, context.vertx(), context.response(), limits.heartbeat());
                } finally {
                    client.endEvents();
                }
            });
        }
    }

    /** Answers with a problem, also in the place of an answer that has not begun. Called on the event loop. */
    void problem(RoutingContext context, Problem problem, Map<CharSequence, CharSequence> headers) {
        var response = context.response();
        response.headers().clear();
        problem.retryAfter().ifPresent(after -> response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, after.toSeconds()))));
        response.putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
        end(context, problem.status(), headers, Buffer.buffer(problem.toJson().toString()));
    }

    private static void end(RoutingContext context, int status, Map<CharSequence, CharSequence> headers, Buffer body) {
        var response = context.response();
        if (!response.closed() && !response.ended()) {
            head(context, status, headers);
            if (isHead(context)) {
                response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
            }
            ended(context, response.end(body));
        }
    }

    /** Sends without a place among the streams: it takes no memory, and connections are bounded. */
    private void sendFile(RoutingContext context, Response answer, Content.FilePart part) throws IOException {
        try {
            var response = context.response();
            if (!response.closed() && !response.ended()) {
                head(context, answer.status(), answer.headers());
                if (isHead(context)) {
                    response.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(part.length()));
                    ended(context, response.end());
                } else {
                    FileSending.send(response, part.file(), part.offset(), part.length(), limits.pauseMax());
                }
            }
        } catch (ClientGoneException e) {
            // The server holds a response for ended as soon as it begins to send a file.
            context.request().connection().close().onFailure(cause -> LOG.debug("close: {}", cause.toString()));
            throw e;
        } finally {
            part.sent().run();
        }
    }

    private static boolean isHead(RoutingContext context) {
        return context.request().method().equals(HttpMethod.HEAD);
    }

    private static void ended(RoutingContext context, Future<Void> sent) {
        sent.onFailure(cause -> LOG.debug("{} {}: {}", context.request().method(), context.request().path(), cause.toString()));
    }

    private static void head(RoutingContext context, int status, Map<CharSequence, CharSequence> headers) {
        var response = context.response().setStatusCode(status);
        headers.forEach(response::putHeader);
        if (Connections.awaitsContinue(context.request())) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    @FunctionalInterface
    private interface Writing {
        void to(ResponseStream out) throws IOException;
    }

    /** Writes a body that is sent while it is made, in a place among the streams. */
    private void stream(RoutingContext context, Response answer, Writing writing) throws IOException {
        head(context, answer.status(), answer.headers());
        if (isHead(context)) {
            ended(context, context.response().end());
            return;
        }
        if (!streams.tryAcquire()) {
            throw Problems.overloaded("streams: as many as are open at once").exception();
        }
        try {
            var out = new ResponseStream(context.response(), limits.pauseMax());
            writing.to(out);
            out.finish();
        } finally {
            streams.release();
        }
    }
}
