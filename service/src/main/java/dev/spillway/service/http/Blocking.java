package dev.spillway.service.http;

import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs handlers that may block on virtual threads, as many at once as the limits allow. Vert.x offers worker pools of platform threads and
 * verticles on virtual threads; the former hold a platform thread for each upload, the latter run one handler after the other.
 */
final class Blocking {
    private final ExecutorService threads;
    private final Gate requests;
    private final Answers answers;

    Blocking(ExecutorService threads, Gate requests, Answers answers) {
        this.threads = threads;
        this.requests = requests;
        this.answers = answers;
    }

    Answers answers() {
        return answers;
    }

    /** Takes a request from the event loop. */
    void run(RoutingContext context, Endpoint endpoint, Request request) {
        if (endpoint.bounded() && !requests.enter()) {
            context.fail(Problems.overloaded("requests: as many as are taken at once", Answers.RETRY_AFTER).exception());
            return;
        }
        try {
            threads.execute(() -> {
                try {
                    answers.send(context, answer(endpoint, request));
                } catch (Throwable e) {
                    request.context().runOnContext(ready -> context.fail(e));
                }
            });
        } catch (RejectedExecutionException e) {
            leave(endpoint);
            context.fail(Problems.stopping().exception());
        }
    }

    /** Gives the place back before the answer is sent: a download keeps one among the streams instead. */
    private Response answer(Endpoint endpoint, Request request) throws Exception {
        try {
            return endpoint.bounded() ? requests.work(() -> endpoint.handler().handle(request)) : endpoint.handler().handle(request);
        } finally {
            leave(endpoint);
        }
    }

    private void leave(Endpoint endpoint) {
        if (endpoint.bounded()) {
            requests.leave();
        }
    }
}
