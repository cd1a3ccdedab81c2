package dev.spillway.coordinator.postgres;

import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A unit of work with a waiting caller, and its outcome. The outcome is set once, by the thread that carries it out; the rest is immutable.
 *
 * @param <A> the answer
 */
abstract class Pending<A> {
    private final long deadlineNanoTime;
    private final CompletableFuture<A> outcome = new CompletableFuture<>();

    /** @param deadline time from now after which it is no longer begun */
    Pending(Duration deadline) {
        deadlineNanoTime = System.nanoTime() + deadline.toNanos();
    }

    /** Returns its name in messages. */
    abstract String name();

    /** Returns the number of rows that it may affect, which limits the size of a batch; 1 or more. */
    abstract int weight();

    /** Returns a key that at most one item of a batch may have; null if it can share a batch with any other. */
    abstract @Nullable Object soleIn();

    /** Returns whether its deadline has passed. If so, it gets this failure as its outcome, and must not be begun. */
    boolean isTooLate() {
        if (System.nanoTime() - deadlineNanoTime < 0) {
            return false;
        }
        fail(new RegistryUnavailableException(name() + " was not carried out: it was not begun within its deadline", null));
        return true;
    }

    void answer(A answer) {
        outcome.complete(answer);
    }

    void fail(RuntimeException failure) {
        outcome.completeExceptionally(failure);
    }

    /** Returns once there is an outcome. */
    void await() throws InterruptedException {
        try {
            var _ = outcome.get();
        } catch (ExecutionException e) {
            // A failure is an outcome, too; get() throws it.
        }
    }

    /**
     * Returns the answer. The outcome must be set.
     *
     * @throws RuntimeException the failure, if that is the outcome
     */
    A get() {
        return switch (outcome.state()) {
            case SUCCESS -> outcome.resultNow();
            case FAILED -> throw outcome.exceptionNow() instanceof RuntimeException failure ? failure
                    : new IllegalStateException(name() + " failed", outcome.exceptionNow());
            case RUNNING, CANCELLED -> throw new IllegalStateException(name() + " has no outcome");
        };
    }
}
