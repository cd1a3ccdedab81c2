package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.service.http.Response.Content;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs blocking handlers on virtual threads, as many at once as the limits allow, and sends their answers. The means of Vert.x do not fit: worker
 * pools hold a platform thread for each upload, and verticles on virtual threads run one handler at a time. Thread-safe.
 */
final class Answers {
    private static final int REFUSED = 400;
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    private final ExecutorService threads;
    private final HttpLimits limits;
    /** Permits for requests that are worked on or wait to be. The event loop takes one without waiting. */
    private final Semaphore places;
    /** Permits for requests that are worked on, in the order of arrival. */
    private final Semaphore working;
    private final Semaphore streams;

    Answers(ExecutorService threads, HttpLimits limits) {
        this.threads = threads;
        this.limits = limits;
        this.places = new Semaphore(limits.workingMax() + limits.waitingMax());
        this.working = new Semaphore(limits.workingMax(), true);
        this.streams = new Semaphore(limits.streamsMax());
    }

    int requestsInside() {
        return limits.workingMax() + limits.waitingMax() - places.availablePermits();
    }

    int streamsOpen() {
        return limits.streamsMax() - streams.availablePermits();
    }

    /** Answers a request from the event loop by a handler that may block. */
    void run(RoutingContext context, Endpoint endpoint, Request request) {
        if (endpoint.bounded() && !places.tryAcquire()) {
            throw overloaded("requests: as many as are taken at once").exception();
        }
        var eventLoop = context.vertx().getOrCreateContext();
        var scope = RequestSpans.scope(context);
        try {
            threads.execute(() -> {
                try {
                    send(context, scope.call(() -> endpoint.bounded() ? inTurn(endpoint, request) : endpoint.handler().handle(request)));
                } catch (Throwable e) {
                    eventLoop.runOnContext(ready -> context.fail(e));
                }
            });
        } catch (RejectedExecutionException e) {
            if (endpoint.bounded()) {
                places.release();
            }
            throw stopping().exception();
        }
    }

    /** Runs the handler with a permit, and releases it before the answer is sent. A download then takes a permit for streams instead. */
    private Response inTurn(Endpoint endpoint, Request request) throws Exception {
        try {
            working.acquire();
            try {
                return endpoint.handler().handle(request);
            } finally {
                working.release();
            }
        } finally {
            places.release();
        }
    }

    /** Sends an answer; blocks until a stream is sent. */
    void send(RoutingContext context, Response answer) throws IOException, InterruptedException {
        switch (answer.content()) {
            case Content.Json(var value) ->
                    end(context, answer.status(), answer.headers(), Buffer.buffer(Response.JSON.writeValueAsBytes(value)));
            case Content.Bytes(var bytes) -> end(context, answer.status(), answer.headers(), Buffer.buffer(bytes));
            case Content.FilePart part -> sendFile(context, answer, part);
            case Content.Streamed(var body) -> {
                try (body) {
                    stream(context, answer, body::writeTo);
                }
            }
            case Content.Events(var source) -> stream(context, answer, out -> out.follow(source, threads));
        }
    }

    /** Answers with a problem, which may replace an answer that has not begun. Called on the event loop. */
    void problem(RoutingContext context, Problem problem, Map<CharSequence, CharSequence> headers) {
        var response = context.response();
        String id = RequestIds.of(response);
        response.headers().clear();
        response.putHeader(RequestIds.HEADER, id);
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

    /** Sends a part of a file without a permit for streams, because it takes no memory and the number of connections is bounded. */
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
            // Vert.x marks a response as ended as soon as it begins to send a file, so only closing the connection tells the client of the failure.
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
        if (ListenerConnections.awaitsContinue(context.request())
                || (status >= REFUSED && ListenerConnections.isEndUnknown(context.request()))) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    /** Writes a streamed body while holding a permit for streams. */
    private void stream(RoutingContext context, Response answer, Response.EventSource body) throws IOException, InterruptedException {
        head(context, answer.status(), answer.headers());
        if (isHead(context)) {
            ended(context, context.response().end());
        } else if (streams.tryAcquire()) {
            try {
                var out = new ResponseStream(context, limits);
                body.sendTo(out);
                out.finish();
            } finally {
                streams.release();
            }
        } else {
            throw overloaded("streams: as many as are open at once").exception();
        }
    }

    private static Problem overloaded(String what) {
        return Problem.of(ProblemType.OVERLOADED, what).retryAfter(Duration.ofSeconds(1));
    }

    static Problem stopping() {
        return Problem.of(ProblemType.STOPPING, "no request is taken any more").retryAfter(Duration.ofSeconds(5));
    }
}
