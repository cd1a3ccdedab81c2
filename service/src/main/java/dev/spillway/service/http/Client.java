package dev.spillway.service.http;

import org.jspecify.annotations.Nullable;

/** The client of one request: when it leaves, the thread that writes to it is interrupted. Thread-safe. */
final class Client {
    private @Nullable Thread writer;
    private boolean gone;

    /** Its connection is closed before its answer was sent. */
    synchronized void left() {
        gone = true;
        if (writer != null) {
            writer.interrupt();
        }
    }

    /** Registers the calling thread until {@link #endWriting}. */
    synchronized void beginWriting() throws ClientGoneException {
        if (gone) {
            throw new ClientGoneException("the client left before its answer", null);
        }
        writer = Thread.currentThread();
    }

    /** Clears the interrupt that was meant for the writing, so that what is closed after it does not find it. */
    synchronized void endWriting() {
        writer = null;
        Thread.interrupted();
    }
}
