package dev.spillway.pager;

import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;

/**
 * The gate that all writes of a pager pass. A pause closes it, and also asks an engine that maps the file to stop. A caller and a capture may share a
 * pause, which ends when both have ended theirs. The gate's lock is taken before that of the {@link MemoryGuard}. Thread-safe.
 */
final class WriteGate {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration ENGINE_PATIENCE = Duration.ofSeconds(5);
    private static final int SPINS = 1000;
    private static final long LOOK_AGAIN_NANOS = 20_000;
    private static final long NO_ENGINE = 0;
    /** Value of {@code ENGINE} for an engine that does not save pages before it writes them. */
    private static final long ENGINE_SAVES_NOTHING = 2;

    private final PageMemory memory;
    private final MemoryGuard guard;
    private final StampedLock gate = new StampedLock();
    /** Guards the next three fields. Held while a pause begins, so that another caller shares the pause or begins its own after a failure. */
    private final ReentrantLock pausing = new ReentrantLock();
    /** Number of callers and captures that share the pause; 0 without a pause. */
    private final AtomicInteger holders = new AtomicInteger();
    /** Stamp of the pause. */
    private long stamp;
    /** True once the engine has taken the pause. */
    private boolean engineTook;
    /** Held from {@link #pause} to {@link #resume}. */
    private final Semaphore caller = new Semaphore(1);
    private final AtomicBoolean callerPauses = new AtomicBoolean();

    WriteGate(PageMemory memory, MemoryGuard guard) {
        this.memory = memory;
        this.guard = guard;
    }

    /** Runs a write, after waiting for the end of a pause. */
    void write(MemoryGuard.Use write) throws InterruptedException {
        guard.requireOpen();
        long open = gate.tryReadLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (open == 0) {
            throw new PagerRefusedException(Reason.PAUSED, "the pager has been paused for longer than " + PATIENCE);
        }
        try {
            guard.run(write);
        } finally {
            gate.unlockRead(open);
        }
    }

    boolean isPaused() {
        return holders.get() > 0;
    }

    boolean engineSavesNothing() {
        return memory.get(Word.ENGINE) == ENGINE_SAVES_NOTHING;
    }

    /** Pauses until {@link #resume}. Waits while another caller pauses, but not for a capture. */
    void pause() throws InterruptedException {
        guard.requireOpen();
        if (!caller.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw paused();
        }
        boolean paused = false;
        try {
            hold();
            paused = true;
        } finally {
            if (!paused) {
                caller.release();
            }
        }
        callerPauses.set(true);
        if (guard.isClosed()) {
            resume();
        }
    }

    /** Ends the pause of a caller, if there is one. A pause of a capture goes on. */
    void resume() {
        if (callerPauses.compareAndSet(true, false)) {
            try {
                letGo();
            } finally {
                caller.release();
            }
        }
    }

    /** Begins a pause, or shares the one there is, until {@link #letGo}. */
    void hold() throws InterruptedException {
        if (!pausing.tryLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw paused();
        }
        try {
            boolean first = holders.get() == 0;
            if (first) {
                stamp = shut();
            }
            boolean paused = false;
            try {
                guard.run(this::requireEngineToPause);
                paused = true;
            } finally {
                if (!paused && first) {
                    gate.unlockWrite(stamp);
                }
            }
            holders.incrementAndGet();
        } finally {
            pausing.unlock();
        }
    }

    /** Asks the engine to pause, unless it has taken this pause already. It may have mapped the file after the pause began. */
    private void requireEngineToPause() throws InterruptedException {
        if (!engineTook && memory.get(Word.ENGINE) != NO_ENGINE) {
            engineTook = engineTakesPause();
            if (!engineTook) {
                throw new PagerRefusedException(
                        Reason.PAUSED,
                        "the engine that has mapped the file did not pause within %s (expected: it takes pauses between its steps; detach one that has ended)"
                                .formatted(ENGINE_PATIENCE));
            }
        }
    }

    /** Ends one share of a pause. After the last one, writes and the engine go on. */
    void letGo() {
        pausing.lock();
        try {
            if (holders.decrementAndGet() == 0) {
                engineTook = false;
                try {
                    if (!guard.isClosed()) {
                        guard.with(() -> {
                            memory.set(Word.PAUSE_ENDED, memory.get(Word.PAUSE_ASKED));
                            return stamp;
                        });
                    }
                } finally {
                    gate.unlockWrite(stamp);
                }
            }
        } finally {
            pausing.unlock();
        }
    }

    private static PagerRefusedException paused() {
        return new PagerRefusedException(Reason.PAUSED, "the pager is paused already, or a write takes longer than " + PATIENCE);
    }

    private long shut() throws InterruptedException {
        guard.requireOpen();
        long shut = gate.tryWriteLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (shut == 0) {
            throw paused();
        }
        return shut;
    }

    /** Asks the engine for a pause, and returns whether it took the pause in time. If not, the pause is ended. */
    private boolean engineTakesPause() throws InterruptedException {
        long asked = memory.get(Word.PAUSE_ASKED) + 1;
        memory.set(Word.PAUSE_ASKED, asked);
        long end = System.nanoTime() + ENGINE_PATIENCE.toNanos();
        for (int look = 0; memory.get(Word.PAUSE_TAKEN) != asked; look++) {
            if (Thread.interrupted()) {
                memory.set(Word.PAUSE_ENDED, asked);
                throw new InterruptedException();
            }
            if (System.nanoTime() > end) {
                memory.set(Word.PAUSE_ENDED, asked);
                return false;
            }
            if (look < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
        }
        return true;
    }

    /**
     * Takes the pager from an engine that has ended without storing 0 in {@code ENGINE}. Does nothing if there is no engine.
     *
     * @throws PagerRefusedException if the engine takes a pause, so that it has not ended
     */
    void detachEngine() throws InterruptedException {
        long shut = shut();
        try {
            guard.run(() -> {
                if (memory.get(Word.ENGINE) == NO_ENGINE) {
                    return;
                }
                if (engineTakesPause()) {
                    memory.set(Word.PAUSE_ENDED, memory.get(Word.PAUSE_ASKED));
                    throw new PagerRefusedException(
                            Reason.ENGINE_RUNS,
                            "the engine took a pause, so it has not ended (expected: an engine that runs stores 0 in ENGINE itself)");
                }
                memory.set(Word.ENGINE, NO_ENGINE);
            });
        } finally {
            gate.unlockWrite(shut);
        }
    }
}
