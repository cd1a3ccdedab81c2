package dev.spillway.worker.filesystem.store;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Runs native calls of virtual threads on platform threads. Such a call blocks its carrier for as long as the disk takes, and a machine has as many
 * carriers as cores. There are as many threads here as callers that wait, so the callers bound their number.
 */
final class PlatformThreads {
    private static final Executor THREADS =
            Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("spillway-store-", 0).factory());

    @FunctionalInterface
    interface Operation<T> {
        T run() throws IOException, InterruptedException;
    }

    private PlatformThreads() {}

    /**
     * Runs the operation to its end, in this thread or for it. An interrupt of the caller interrupts the operation, and is answered when
     * that has cleaned up.
     */
    static <T> T call(Operation<T> operation) throws IOException, InterruptedException {
        if (!Thread.currentThread().isVirtual()) {
            return operation.run();
        }
        Hop<T> hop = new Hop<>(operation);
        THREADS.execute(hop);
        return hop.await();
    }

    private static final class Hop<T> implements Runnable {
        private final Operation<T> operation;
        private final CompletableFuture<T> result = new CompletableFuture<>();
        private @Nullable Thread runner;
        private boolean interrupted;

        Hop(Operation<T> operation) {
            this.operation = operation;
        }

        @Override
        public void run() {
            begin();
            try {
                T value = operation.run();
                end();
                result.complete(value);
            } catch (Throwable e) {
                // the outermost edge of this thread: the caller's thread throws it again
                end();
                result.completeExceptionally(e);
            }
        }

        private synchronized void begin() {
            runner = Thread.currentThread();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** Releases the thread to serve other calls. No interrupt reaches it afterwards. */
        private synchronized void end() {
            runner = null;
            Thread.interrupted();
        }

        private synchronized void interrupt() {
            interrupted = true;
            if (runner != null) {
                runner.interrupt();
            }
        }

        T await() throws IOException, InterruptedException {
            boolean wasInterrupted = false;
            while (true) {
                try {
                    T value = result.get();
                    if (wasInterrupted) {
                        Thread.currentThread().interrupt();
                    }
                    return value;
                } catch (InterruptedException _) {
                    wasInterrupted = true;
                    interrupt();
                } catch (ExecutionException e) {
                    throw thrown(e.getCause());
                }
            }
        }

        private static RuntimeException thrown(@Nullable Throwable cause) throws IOException, InterruptedException {
            switch (cause) {
                case IOException e -> throw e;
                case InterruptedException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null, default -> throw new AssertionError("an operation throws nothing else", cause);
            }
        }
    }
}
