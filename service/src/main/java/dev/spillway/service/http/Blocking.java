package dev.spillway.service.http;

import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;

/**
 * Runs handlers that may block on virtual threads, as many at once as the limits allow. Vert.x offers worker pools of platform threads and
 * verticles on virtual threads; the former hold a platform thread for each upload, the latter run one handler after the other.
 */
final class Blocking {
    private final ExecutorService threads;
    private final Answers answers;
    /** Places of requests that are worked on or wait for that. The event loop takes one without waiting. */
    private final Semaphore places;
    /** Places of requests that are worked on, first come first served. */
    private final Semaphore working;
    private final int placesMax;

    Blocking(ExecutorService threads, Answers answers, HttpLimits limits) {
        this.threads = threads;
        this.answers = answers;
        this.placesMax = limits.workingMax() + limits.waitingMax();
        this.places = new Semaphore(placesMax);
        this.working = new Semaphore(limits.workingMax(), true);
    }

    int inside() {
        return placesMax - places.availablePermits();
    }

    /** Takes a request from the event loop. */
    void run(RoutingContext context, Endpoint endpoint, Request request) {
        if (endpoint.bounded() && !places.tryAcquire()) {
            context.fail(Problems.overloaded("requests: as many as are taken at once").exception());
            return;
        }
        var eventLoop = context.vertx().getOrCreateContext();
        try {
            threads.execute(() -> {
                try {
                    answers.send(context, endpoint.bounded() ? inTurn(endpoint, request) : endpoint.handler().handle(request));
                } catch (Throwable e) {
                    eventLoop.runOnContext(ready -> context.fail(e));
                }
            });
        } catch (RejectedExecutionException e) {
            if (endpoint.bounded()) {
                places.release();
            }
            context.fail(Problems.stopping().exception());
        }
    }

    /** Gives the place back before the answer is sent: a download keeps one among the streams instead. */
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
}
