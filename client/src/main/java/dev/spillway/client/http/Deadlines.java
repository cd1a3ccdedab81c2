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
    private static final int LOOKS_PER_SILENCE = 8;

    private final ScheduledThreadPoolExecutor timer;

    Deadlines() {
        timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("spillway-client-deadlines").daemon().factory());
        timer.setRemoveOnCancelPolicy(true);
        // After close there are no connections, so further deadlines can be discarded.
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    Deadline after(Duration timeout) {
        Deadline deadline = new Deadline();
        deadline.task = timer.schedule(() -> deadline.expire(timeout), timeout.toNanos(), TimeUnit.NANOSECONDS);
        return deadline;
    }

    /** @param silence time limit of each wait for the server within the exchange */
    Deadline after(Duration timeout, Duration silence) {
        Deadline deadline = after(timeout);
        long period = silence.toNanos() / LOOKS_PER_SILENCE;
        deadline.look = timer.scheduleWithFixedDelay(() -> deadline.look(silence), period, period, TimeUnit.NANOSECONDS);
        return deadline;
    }

    /** The time limit of one exchange. */
    static final class Deadline implements AutoCloseable {
        private @Nullable SocketChannel guarded;
        private volatile @Nullable Duration expired;
        private @Nullable ScheduledFuture<?> task;
        private @Nullable ScheduledFuture<?> look;
        /** Set while the exchange waits for the server, to the time at which it began to. */
        private volatile @Nullable Long waitingSince;

        /** Closes the channel when the time is over, or at once if it is over already. */
        synchronized void guard(SocketChannel channel) {
            guarded = channel;
            if (expired != null) {
                shut(channel);
            }
        }

        private synchronized void expire(Duration limit) {
            expired = limit;
            if (guarded != null) {
                shut(guarded);
            }
        }

        private void look(Duration silence) {
            Long since = waitingSince;
            if (since != null && System.nanoTime() - since > silence.toNanos()) {
                expire(silence);
            }
        }

        /** Leaves the channel open from now on. Another one may be guarded within the same time. */
        synchronized void unguard() {
            guarded = null;
            waitingSince = null;
        }

        /** Begins a wait for the server. */
        void waits() {
            waitingSince = System.nanoTime();
        }

        /** Ends the wait. */
        void goesOn() {
            waitingSince = null;
        }

        /** Returns the time limit that is over; null while none is. */
        @Nullable
        Duration expired() {
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
            unguard();
            if (task != null) {
                task.cancel(false);
            }
            if (look != null) {
                look.cancel(false);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
