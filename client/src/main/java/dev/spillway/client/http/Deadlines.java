package dev.spillway.client.http;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes channels whose time limit is over. Thread-safe. */
final class Deadlines implements AutoCloseable {
    private final ScheduledThreadPoolExecutor timer;

    Deadlines() {
        timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("spillway-client-deadlines").daemon().factory());
        timer.setRemoveOnCancelPolicy(true);
        // After close there are no connections, so further deadlines can be discarded.
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    Deadline after(Duration timeout) {
        Deadline deadline = new Deadline();
        deadline.task = timer.schedule(deadline::expire, timeout.toNanos(), TimeUnit.NANOSECONDS);
        return deadline;
    }

    /** The time limit of one exchange. */
    static final class Deadline implements AutoCloseable {
        private @Nullable SocketChannel guarded;
        private volatile boolean expired;
        private @Nullable ScheduledFuture<?> task;

        /** Closes the channel when the time is over, or at once if it is over already. */
        synchronized void guard(SocketChannel channel) {
            guarded = channel;
            if (expired) {
                shut(channel);
            }
        }

        private synchronized void expire() {
            expired = true;
            if (guarded != null) {
                shut(guarded);
            }
        }

        boolean isExpired() {
            return expired;
        }

        private static void shut(SocketChannel channel) {
            try {
                channel.close();
            } catch (IOException e) {
                // A failure to close does not matter, because the reader sees a closed channel anyway.
            }
        }

        /** Ends the deadline; the channel stays open. */
        @Override
        public synchronized void close() {
            guarded = null;
            if (task != null) {
                task.cancel(false);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
