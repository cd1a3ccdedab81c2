package dev.spillway.worker.filesystem.store;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Runs native calls of virtual threads on platform threads. A native call blocks its carrier thread while the disk works, and a machine has only as
 * many carriers as cores. Each waiting caller takes one platform thread, so callers bound the number of threads.
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
     * Runs the operation to its end: on this thread if it is a platform thread, otherwise on another one. An interrupt of the caller interrupts the
     * operation; this method throws after the operation has cleaned up.
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
                // Every failure goes to the caller's thread, which throws it.
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
