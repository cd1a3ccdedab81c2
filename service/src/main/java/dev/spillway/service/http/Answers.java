package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what handlers answer. Thread-safe; a stream blocks its caller until it is sent. */
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);
    private static final CharSequence JSON = HttpHeaders.createOptimized(Body.JSON);
    static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final ObjectMapper json;
    private final HttpLimits limits;
    private final Gate streams;
    /** Threads that send events, to be interrupted when the service stops. */
    private final Set<Thread> eventSources = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    Answers(ObjectMapper json, HttpLimits limits, Gate streams) {
        this.json = json;
        this.limits = limits;
        this.streams = streams;
    }

    void send(RoutingContext context, Response answer) throws IOException, InterruptedException {
        switch (answer) {
            case Response.Json(var status, var value, var headers) ->
                    end(context, status, JSON, Buffer.buffer(json.writeValueAsBytes(value)), headers);
            case Response.Bytes(var status, var mediaType, var bytes, var headers) ->
                    end(context, status, mediaType, Buffer.buffer(bytes), headers);
            case Response.Streamed streamed -> {
                try (var body = streamed.body()) {
                    if (isHead(context)) {
                        streamHead(context, streamed);
                        ended(context, context.end());
                    } else {
                        inStream(context, () -> {
                            var out = new ResponseStream(context.response(), limits.pauseMax(), () -> streamHead(context, streamed));
                            body.writeTo(out);
                            out.finish();
                        });
                    }
                }
            }
            case Response.Events(var source) -> events(context, source);
        }
    }

    /** Answers with a problem. Called on the event loop. */
    void problem(RoutingContext context, Problem problem, Map<String, String> headers) {
        var response = context.response();
        problem.retryAfter().ifPresent(after -> response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, after.toSeconds()))));
        end(context, problem.status(), Problem.MEDIA_TYPE, Buffer.buffer(problem.toJson().toString()), headers);
    }

    /** Answers a request of which nobody knows where it ends, and closes its connection. Called on the event loop. */
    void lastProblem(RoutingContext context, Problem problem) {
        problem(context, problem, Map.of(HttpHeaders.CONNECTION.toString(), HttpHeaders.CLOSE.toString()));
        context.request().connection().close().onFailure(e -> LOG.debug("close: {}", e.toString()));
    }

    /** Ends the event streams that are open, and those that come. */
    void stopEvents() {
        stopping = true;
        eventSources.forEach(Thread::interrupt);
    }

    private static boolean isHead(RoutingContext context) {
        return context.request().method().equals(HttpMethod.HEAD);
    }

    private static void end(RoutingContext context, int status, CharSequence mediaType, Buffer body, Map<String, String> headers) {
        if (isOpen(context)) {
            head(context, status, mediaType, headers);
            if (isHead(context)) {
                context.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
            }
            ended(context, status == 204 || isHead(context) ? context.end() : context.end(body));
        }
    }

    private static boolean isOpen(RoutingContext context) {
        return !context.response().closed() && !context.response().ended();
    }

    private static void ended(RoutingContext context, Future<Void> sent) {
        sent.onFailure(cause -> LOG.debug("{} {}: {}", context.request().method(), context.request().path(), cause.toString()));
    }

    private static void head(RoutingContext context, int status, CharSequence mediaType, Map<String, String> headers) {
        HttpServerResponse response = context.response().setStatusCode(status);
        if (!mediaType.isEmpty()) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
        }
        headers.forEach(response::putHeader);
        if (UnreadBody.awaitsContinue(context.request())) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    private static void streamHead(RoutingContext context, Response.Streamed answer) {
        head(context, answer.status(), answer.mediaType(), answer.headers());
        if (answer.length().isPresent()) {
            context.response().putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(answer.length().getAsLong()));
        } else {
            context.response().setChunked(true);
        }
    }

    private void events(RoutingContext context, Response.EventSource source) throws IOException, InterruptedException {
        if (isHead(context)) {
            eventsHead(context);
            ended(context, context.end());
            return;
        }
        var self = Thread.currentThread();
        eventSources.add(self);
        try {
            if (stopping) {
                throw Problems.stopping().exception();
            }
            inStream(context, () -> {
                eventsHead(context);
                new EventStream(context, json, limits).send(source);
            });
        } finally {
            eventSources.remove(self);
        }
    }

    private static void eventsHead(RoutingContext context) {
        head(context, 200, EventStream.MEDIA_TYPE, Map.of("Cache-Control", "no-store"));
        context.response().setChunked(true);
    }

    @FunctionalInterface
    private interface Writing {
        void run() throws IOException, InterruptedException;
    }

    /** Holds a place among the streams, and lets the client's leaving interrupt this thread. */
    private void inStream(RoutingContext context, Writing writing) throws IOException, InterruptedException {
        if (!streams.enter()) {
            throw Problems.overloaded("streams: as many as are open at once", RETRY_AFTER).exception();
        }
        var client = Request.of(context).client();
        try {
            client.beginWriting();
            writing.run();
        } finally {
            client.endWriting();
            streams.leave();
        }
    }
}
