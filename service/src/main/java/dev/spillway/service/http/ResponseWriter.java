package dev.spillway.service.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes a response from a thread that may block: a few chunks are under way to the socket, one more waits until one of them has left. Used
 * by one thread.
 */
final class ResponseWriter {
    private static final int CHUNKS_UNDER_WAY = 4;

    private final Context context;
    private final HttpServerResponse response;
    private final Duration pauseMax;
    private final Runnable head;
    private final Semaphore free = new Semaphore(CHUNKS_UNDER_WAY);
    private volatile @Nullable Throwable failure;
    /** Of the event loop. */
    private boolean headSet;

    /** @param head sets status and headers; called once, on the event loop, before the first byte */
    ResponseWriter(Context context, HttpServerResponse response, Duration pauseMax, Runnable head) {
        this.context = context;
        this.response = response;
        this.pauseMax = pauseMax;
        this.head = head;
    }

    void write(Buffer chunk) throws ClientGoneException, InterruptedException {
        acquire(1);
        onEventLoop(() -> response.write(chunk).onComplete(written -> {
            if (written.failed()) {
                failure = written.cause();
            }
            free.release();
        }));
    }

    /** Ends the response once all chunks have left. */
    void end() throws ClientGoneException, InterruptedException {
        acquire(CHUNKS_UNDER_WAY);
        onEventLoop(() -> response.end().onFailure(this::failed));
    }

    private void onEventLoop(Runnable write) {
        context.runOnContext(ready -> {
            if (response.closed() || response.ended()) {
                failed(new ClientGoneException("the response has ended", null));
                return;
            }
            if (!headSet) {
                headSet = true;
                head.run();
            }
            write.run();
        });
    }

    private void failed(Throwable cause) {
        failure = cause;
        free.release();
    }

    private void acquire(int chunks) throws ClientGoneException, InterruptedException {
        if (!free.tryAcquire(chunks, pauseMax.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new ClientGoneException("the client took nothing for " + pauseMax, null);
        }
        var cause = failure;
        if (cause != null) {
            throw new ClientGoneException("the client is gone", cause);
        }
    }
}
