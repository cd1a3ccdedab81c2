package dev.spillway.pager;

import dev.spillway.pager.PagerRefusedException.Reason;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps the memory of a pager open while it is in use. If it cannot be used, because the pager is closed or its file was truncated, the guard throws
 * the reason. Uses may be nested. Thread-safe.
 */
final class MemoryGuard {
    private final PageMemory memory;
    private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();
    private volatile boolean closed;

    MemoryGuard(PageMemory memory) {
        this.memory = memory;
    }

    boolean isClosed() {
        return closed;
    }

    void requireOpen() {
        if (closed) {
            throw new PagerRefusedException(Reason.CLOSED, "the pager is closed");
        }
    }

    /** A use of the memory that may wait. */
    interface Use {
        void run() throws InterruptedException;
    }

    <T> T with(Supplier<T> use) {
        requireOpen();
        closing.readLock().lock();
        try {
            requireOpen();
            return use.get();
        } catch (InternalError e) {
            throw memory.refusal(e);
        } finally {
            closing.readLock().unlock();
        }
    }

    void run(Use use) throws InterruptedException {
        requireOpen();
        closing.readLock().lock();
        try {
            requireOpen();
            use.run();
        } catch (InternalError e) {
            throw memory.refusal(e);
        } finally {
            closing.readLock().unlock();
        }
    }

    /** Refuses all uses from now on. */
    void refuse() {
        closed = true;
    }

    /** Waits for uses under way, and frees the memory. */
    void close() {
        refuse();
        closing.writeLock().lock();
        try {
            memory.close();
        } finally {
            closing.writeLock().unlock();
        }
    }
}
