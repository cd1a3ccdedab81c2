package dev.spillway.worker.host;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Answers that callers wait for. When the host stops, all open promises fail, so that no caller waits for ever. Thread-safe. */
final class Promises {
    private final Set<Promise<?>> open = ConcurrentHashMap.newKeySet();

    /** One answer; promises are compared by identity. */
    static final class Promise<T> {
        private final CompletableFuture<T> answer = new CompletableFuture<>();

        boolean isKept() {
            return answer.isDone();
        }

        T await() throws HostStoppedException, InterruptedException {
            try {
                return answer.get();
            } catch (ExecutionException e) {
                throw stopped(e.getCause());
            }
        }

        T await(Duration atMost) throws HostStoppedException, InterruptedException, TimeoutException {
            try {
                return answer.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                throw stopped(e.getCause());
            }
        }
    }

    <T> Promise<T> make() {
        Promise<T> promise = new Promise<>();
        open.add(promise);
        return promise;
    }

    <T> void keep(Promise<T> promise, T answer) {
        open.remove(promise);
        promise.answer.complete(answer);
    }

    void failAll(HostStoppedException why) {
        open.removeIf(promise -> {
            promise.answer.completeExceptionally(why);
            return true;
        });
    }

    static HostStoppedException stopped(@Nullable Throwable cause) {
        return cause instanceof HostStoppedException known ? known
                : new HostStoppedException(cause == null ? "the host is stopped" : String.valueOf(cause.getMessage()), cause);
    }
}
