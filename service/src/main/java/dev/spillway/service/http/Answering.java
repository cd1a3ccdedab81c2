package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer to one request. Its methods may be called from any thread; what touches the connection goes to the event loop. The first answer
 * wins.
 */
final class Answering {
    private static final Logger LOG = LoggerFactory.getLogger(Answering.class);
    static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Shared shared;
    private final Context context;
    private final HttpServerResponse response;
    private final String method;
    private final Timer.Sample started;
    private volatile String template = "unmatched";
    /** Of the event loop. */
    private boolean recorded;
    private @Nullable Thread writing;

    /** Made on the event loop. */
    Answering(Shared shared, Context context, HttpServerRequest request) {
        this.shared = shared;
        this.context = context;
        this.response = request.response();
        this.method = request.method().name();
        this.started = Timer.start(shared.registry());
        response.endHandler(end -> record(Integer.toString(response.getStatusCode())));
        response.closeHandler(closed -> clientGone());
        response.exceptionHandler(cause -> LOG.debug("{} {}: {}", method, template, cause.toString()));
    }

    void routed(String toTemplate) {
        template = toTemplate;
    }

    /** Sends what a handler answered; blocks while a stream is sent. */
    void send(Response answer) throws IOException, InterruptedException {
        switch (answer) {
            case Response.Json(var status, var value, var headers) ->
                    send(status, Body.JSON, shared.json().writeValueAsBytes(value), headers);
            case Response.Bytes(var status, var mediaType, var bytes, var headers) -> send(status, mediaType, bytes, headers);
            case Response.Streamed streamed -> stream(streamed);
            case Response.Events(var source) -> stream(source);
        }
    }

    void problem(Problem problem) {
        problem(problem, Map.of());
    }

    void problem(Problem problem, Map<String, String> headers) {
        context.runOnContext(ready -> {
            if (response.headWritten() && !response.ended()) {
                LOG.warn("{} {}: broken off in the middle of the body: {}", method, template, problem.detail());
                response.reset().onFailure(cause -> LOG.debug("{} {}: {}", method, template, cause.toString()));
            } else if (isOpen()) {
                problem.retryAfter()
                        .ifPresent(after -> response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, after.toSeconds()))));
                end(problem.status(), Problem.MEDIA_TYPE, Buffer.buffer(problem.toJson().toString()), headers);
            }
        });
    }

    /** Answers what a handler threw. */
    void failed(Throwable e) {
        if (e instanceof ProblemException refused) {
            problem(refused.problem());
        } else if (e instanceof ClientGoneException || response.closed()) {
            LOG.debug("{} {}: {}", method, template, e.toString());
            context.runOnContext(ready -> response.reset().onFailure(cause -> LOG.debug("{} {}: {}", method, template, cause.toString())));
        } else if (e instanceof InterruptedException) {
            problem(Problems.stopping());
        } else {
            var errorId = UUID.randomUUID().toString();
            LOG.error("{} {}: error id {}", method, template, errorId, e);
            problem(Problems.internalError(errorId));
        }
    }

    boolean isOpen() {
        return !response.closed() && !response.ended();
    }

    private void send(int status, String mediaType, byte[] bytes, Map<String, String> headers) {
        context.runOnContext(ready -> {
            if (isOpen()) {
                end(status, mediaType, Buffer.buffer(bytes), headers);
            }
        });
    }

    private void end(int status, String mediaType, Buffer body, Map<String, String> headers) {
        head(status, mediaType, headers);
        if (status == 204) {
            finish(Buffer.buffer());
        } else if (method.equals("HEAD")) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
            finish(Buffer.buffer());
        } else {
            finish(body);
        }
    }

    private void finish(Buffer body) {
        response.end(body).onFailure(cause -> LOG.debug("{} {}: {}", method, template, cause.toString()));
    }

    private void head(int status, String mediaType, Map<String, String> headers) {
        response.setStatusCode(status);
        if (!mediaType.isEmpty()) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
        }
        headers.forEach(response::putHeader);
    }

    private void stream(Response.Streamed answer) throws IOException, InterruptedException {
        try (var body = answer.body()) {
            if (method.equals("HEAD")) {
                context.runOnContext(ready -> {
                    if (isOpen()) {
                        streamHead(answer);
                        finish(Buffer.buffer());
                    }
                });
                return;
            }
            inStream(() -> {
                var out = new ResponseStream(new ResponseWriter(context, response, shared.limits().pauseMax(), () -> streamHead(answer)));
                body.writeTo(out);
                out.finish();
            });
        }
    }

    private void streamHead(Response.Streamed answer) {
        head(answer.status(), answer.mediaType(), answer.headers());
        if (answer.length().isPresent()) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(answer.length().getAsLong()));
        } else {
            response.setChunked(true);
        }
    }

    private void stream(Response.EventSource source) throws IOException, InterruptedException {
        if (method.equals("HEAD")) {
            context.runOnContext(ready -> {
                if (isOpen()) {
                    eventsHead();
                    finish(Buffer.buffer());
                }
            });
            return;
        }
        var self = Thread.currentThread();
        shared.eventSources().add(self);
        try {
            if (shared.threads().isShutdown()) {
                throw Problems.stopping().exception();
            }
            inStream(() -> sendEvents(source));
        } finally {
            shared.eventSources().remove(self);
        }
    }

    private void sendEvents(Response.EventSource source) throws IOException, InterruptedException {
        var writer = new ResponseWriter(context, response, shared.limits().pauseMax(), this::eventsHead);
        writer.write(EventStream.COMMENT);
        long heartbeat =
                shared.vertx().setPeriodic(shared.limits().heartbeat().toMillis(), tick -> context.runOnContext(ready -> heartbeat()));
        try {
            source.sendTo(new EventStream(writer, shared.json()));
        } catch (InterruptedException e) {
            LOG.debug("{} {}: the client is gone or the service stops", method, template);
        } finally {
            shared.vertx().cancelTimer(heartbeat);
        }
        writer.end();
    }

    private void eventsHead() {
        head(200, EventStream.MEDIA_TYPE, Map.of("Cache-Control", "no-store"));
        response.setChunked(true);
    }

    private void heartbeat() {
        if (isOpen() && !response.writeQueueFull()) {
            response.write(EventStream.COMMENT).onFailure(cause -> LOG.debug("{} {}: {}", method, template, cause.toString()));
        }
    }

    @FunctionalInterface
    private interface Writing {
        void run() throws IOException, InterruptedException;
    }

    /** Holds a place among the streams, and lets the client's leaving interrupt this thread. */
    private void inStream(Writing write) throws IOException, InterruptedException {
        if (!shared.streams().enter()) {
            throw Problems.overloaded("streams: as many as are open at once", RETRY_AFTER).exception();
        }
        try {
            synchronized (this) {
                if (response.closed()) {
                    throw new ClientGoneException("the client left before its answer", null);
                }
                writing = Thread.currentThread();
            }
            write.run();
        } finally {
            synchronized (this) {
                writing = null;
                // What is closed after a stream must not find the interrupt that was meant for the writing.
                Thread.interrupted();
            }
            shared.streams().leave();
        }
    }

    private void clientGone() {
        record("closed");
        synchronized (this) {
            if (writing != null) {
                writing.interrupt();
            }
        }
    }

    private void record(String status) {
        if (!recorded) {
            recorded = true;
            started.stop(Timer.builder("http.server.requests")
                    .description("Requests by route and outcome")
                    .tag("method", method)
                    .tag("route", template)
                    .tag("status", status)
                    .publishPercentileHistogram(false)
                    .register(shared.registry()));
        }
    }
}
