package dev.spillway.service.http;

import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way to its handler, on the event loop: routed, decoded, checked against the limits, its body gathered or streamed. The
 * handler runs on a virtual thread.
 */
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    /** How much of a body that nobody wants is read, so that the client sees the answer instead of a broken connection. */
    private static final long UNWANTED_BYTES_MAX = 16 << 20;
    private static final Duration UNWANTED_WITHIN = Duration.ofSeconds(5);

    private final Shared shared;
    private final Context context;
    private final HttpServerRequest request;
    private final Answering answering;

    private Exchange(Shared shared, Context context, HttpServerRequest request) {
        this.shared = shared;
        this.context = context;
        this.request = request;
        this.answering = new Answering(shared, context, request);
    }

    /** Takes a request. */
    static void begin(Shared shared, HttpServerRequest request) {
        var exchange = new Exchange(shared, shared.vertx().getOrCreateContext(), request);
        request.pause();
        try {
            exchange.route();
        } catch (ProblemException e) {
            exchange.refuse(e.problem(), Map.of());
        }
    }

    private void route() {
        var target = target(request.uri());
        int mark = target.indexOf('?');
        var path = mark < 0 ? target : target.substring(0, mark);
        var method = request.method().name();
        switch (shared.routes().find(method, path)) {
            case RouteTable.Match.Unknown() -> throw Problems.unknownPath(shared.service(), path).exception();
            case RouteTable.Match.WrongMethod(var allowed) ->
                    refuse(Problems.methodNotAllowed(method, allowed), Map.of("Allow", String.join(", ", allowed)));
            case RouteTable.Match.Found(var route, var raw) -> {
                answering.routed(route.template());
                Map<String, String> parameters = new LinkedHashMap<>();
                raw.forEach((name, text) -> parameters.put(name, decoded(name, text)));
                receive(new Target(route, parameters, Query.parse(mark < 0 ? "" : target.substring(mark + 1), route.query())));
            }
        }
    }

    private record Target(Route route, Map<String, String> parameters, Query query) {}

    /** The path and query of a request target, which a client of a proxy sends as a whole URI. */
    private static String target(String uri) {
        int scheme = uri.indexOf("://");
        if (uri.startsWith("/") || scheme < 0) {
            return uri;
        }
        int slash = uri.indexOf('/', scheme + 3);
        return slash < 0 ? "/" : uri.substring(slash);
    }

    private static String decoded(String name, String text) {
        try {
            return PathEncoding.decode(text);
        } catch (IllegalArgumentException e) {
            throw Problems.malformedPath(name + ": " + e.getMessage()).exception();
        }
    }

    private void receive(Target target) {
        var body = target.route().body();
        var given = request.getHeader(HttpHeaders.CONTENT_TYPE);
        var mediaType = given == null ? "" : Problems.mediaType(given);
        if (!hasBody()) {
            request.resume();
            // Its type says what the empty body is: an archive without a byte is no JSON that was left out.
            boolean streamed = !mediaType.isEmpty() && !body.gathers(mediaType) && body.streams(mediaType);
            dispatch(target.route(), read(target, streamed ? mediaType : "", new byte[0], streamed ? InputStream.nullInputStream() : null));
        } else if (body.isNone()) {
            throw Problems.unexpectedBody().exception();
        } else if (body.gathers(mediaType)) {
            long limit = body.gatheredBytesMax() == 0 ? shared.limits().bodyBytesMax() : body.gatheredBytesMax();
            gather(limit, bytes -> dispatch(target.route(), read(target, mediaType, bytes, null)));
        } else if (body.streams(mediaType)) {
            stream(target, mediaType, body.streamedBytesMax());
        } else {
            throw Problems.unsupportedType(mediaType, body.expected()).exception();
        }
    }

    private Request read(Target target, String mediaType, byte[] bytes, @Nullable InputStream stream) {
        return new Request(target.route(), request.method().equals(HttpMethod.HEAD), target.parameters(), target.query(),
                request::getHeader,
                mediaType, shared.json(), bytes, stream);
    }

    private boolean hasBody() {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || (length != null && !length.equals("0"));
    }

    private void expectBody(long limit) {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        // Netty has already refused a Content-Length that is no number.
        if (length != null && Long.parseLong(length) > limit) {
            throw Problems.tooLarge(limit).exception();
        }
        if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
            request.response().writeContinue().onFailure(cause -> LOG.debug("100-continue: {}", cause.toString()));
        }
    }

    private void gather(long limit, Consumer<byte[]> whole) {
        expectBody(limit);
        var gathered = Buffer.buffer();
        var pauseMax = shared.limits().pauseMax();
        long timer = shared.vertx().setTimer(pauseMax.toMillis(), late -> refuse(Problems.requestTimeout(pauseMax), Map.of()));
        request.handler(chunk -> {
            if (gathered.length() + chunk.length() > limit) {
                shared.vertx().cancelTimer(timer);
                refuse(Problems.tooLarge(limit), Map.of());
            } else {
                gathered.appendBuffer(chunk);
            }
        });
        request.endHandler(end -> {
            shared.vertx().cancelTimer(timer);
            whole.accept(gathered.getBytes());
        });
        request.exceptionHandler(cause -> shared.vertx().cancelTimer(timer));
        request.resume();
    }

    private void stream(Target target, String mediaType, long limit) {
        if (!shared.streams().enter()) {
            throw Problems.overloaded("streams: as many as are open at once", Answering.RETRY_AFTER).exception();
        }
        try {
            expectBody(limit);
        } catch (ProblemException e) {
            shared.streams().leave();
            throw e;
        }
        var stream = new BodyStream(context, request, limit, shared.limits().pauseMax());
        var read = read(target, mediaType, new byte[0], stream);
        run(shared.streams()::leave, () -> {
            try {
                answering.send(target.route().handler().handle(read));
            } finally {
                if (!stream.isWhole()) {
                    context.runOnContext(ready -> discard());
                }
            }
        });
    }

    private void dispatch(Route route, Request read) {
        if (!route.bounded()) {
            run(() -> {}, () -> answering.send(route.handler().handle(read)));
        } else if (shared.requests().enter()) {
            var left = new AtomicBoolean();
            Runnable leave = () -> {
                if (left.compareAndSet(false, true)) {
                    shared.requests().leave();
                }
            };
            run(leave, () -> {
                var answer = answer(route, read);
                leave.run();
                answering.send(answer);
            });
        } else {
            answering.problem(Problems.overloaded("requests: as many as are taken at once", Answering.RETRY_AFTER));
        }
    }

    private Response answer(Route route, Request read) throws Exception {
        shared.requests().startWork();
        try {
            return route.handler().handle(read);
        } finally {
            shared.requests().endWork();
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    /** Runs on a virtual thread. This is the outermost edge of every handler. */
    private void run(Runnable atEnd, Work work) {
        try {
            shared.threads().execute(() -> {
                try {
                    work.run();
                } catch (Throwable e) {
                    answering.failed(e);
                } finally {
                    atEnd.run();
                }
            });
        } catch (RejectedExecutionException e) {
            atEnd.run();
            answering.problem(Problems.stopping());
        }
    }

    /** Answers without having read the body. */
    private void refuse(Problem problem, Map<String, String> headers) {
        answering.problem(problem, headers);
        discard();
    }

    private void discard() {
        if (request.isEnded()) {
            return;
        }
        var connection = request.connection();
        long timer = shared.vertx()
                .setTimer(UNWANTED_WITHIN.toMillis(),
                        late -> connection.close().onFailure(cause -> LOG.debug("close: {}", cause.toString())));
        var discarded = new long[1];
        request.handler(chunk -> {
            discarded[0] += chunk.length();
            if (discarded[0] > UNWANTED_BYTES_MAX) {
                connection.close().onFailure(cause -> LOG.debug("close: {}", cause.toString()));
            }
        });
        request.endHandler(end -> shared.vertx().cancelTimer(timer));
        request.exceptionHandler(cause -> shared.vertx().cancelTimer(timer));
        request.resume();
    }
}
