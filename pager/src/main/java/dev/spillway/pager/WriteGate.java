package dev.spillway.pager;

import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.StampedLock;

/**
 * The gate of all writes of a pager. A pause closes it, and an engine that has mapped the file is asked to stop, too. Its lock is taken before that of the
 * {@link MemoryGuard}. Thread-safe.
 */
final class WriteGate {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration ENGINE_PATIENCE = Duration.ofSeconds(5);
    private static final int SPINS = 1000;
    private static final long LOOK_AGAIN_NANOS = 20_000;
    private static final long NO_ENGINE = 0;
    /** An engine that does not save what it overwrites. */
    private static final long ENGINE_SAVES_NOTHING = 2;

    private final PageMemory memory;
    private final MemoryGuard guard;
    private final StampedLock gate = new StampedLock();
    /** Stamp of the pause; 0 without one. */
    private final AtomicLong pause = new AtomicLong();

    WriteGate(PageMemory memory, MemoryGuard guard) {
        this.memory = memory;
        this.guard = guard;
    }

    /** Runs a write, after waiting for the end of a pause. */
    void write(MemoryGuard.Use write) throws InterruptedException {
        guard.requireOpen();
        long stamp = gate.tryReadLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (stamp == 0) {
            throw new PagerRefusedException(Reason.PAUSED, "the pager has been paused for longer than " + PATIENCE);
        }
        try {
            guard.run(write);
        } finally {
            gate.unlockRead(stamp);
        }
    }

    boolean isPaused() {
        return pause.get() != 0;
    }

    boolean engineSavesNothing() {
        return memory.get(Word.ENGINE) == ENGINE_SAVES_NOTHING;
    }

    void pause() throws InterruptedException {
        long stamp = shut();
        boolean paused = false;
        try {
            guard.run(() -> {
                if (memory.get(Word.ENGINE) != NO_ENGINE && !engineTakesPause()) {
                    throw new PagerRefusedException(Reason.PAUSED,
                            "the engine that has mapped the file did not pause within %s (expected: it takes pauses between its steps; detach one that has ended)"
                                    .formatted(ENGINE_PATIENCE));
                }
            });
            pause.set(stamp);
            paused = true;
        } finally {
            if (!paused) {
                gate.unlockWrite(stamp);
            }
        }
        if (guard.isClosed()) {
            resume();
        }
    }

    private long shut() throws InterruptedException {
        guard.requireOpen();
        long stamp = gate.tryWriteLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        if (stamp == 0) {
            throw new PagerRefusedException(Reason.PAUSED, "the pager is paused already, or a write takes longer than " + PATIENCE);
        }
        return stamp;
    }

    /** Asks the engine for a pause, and returns whether it took it. One that it did not take is over. */
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
     * Takes the pager from an engine that has ended without letting go of it. Does nothing where there is none.
     *
     * @throws PagerRefusedException if the engine takes a pause, so that it has not ended
     */
    void detachEngine() throws InterruptedException {
        long stamp = shut();
        try {
            guard.run(() -> {
                if (memory.get(Word.ENGINE) == NO_ENGINE) {
                    return;
                }
                if (engineTakesPause()) {
                    memory.set(Word.PAUSE_ENDED, memory.get(Word.PAUSE_ASKED));
                    throw new PagerRefusedException(Reason.ENGINE_RUNS,
                            "the engine took a pause, so it has not ended (expected: an engine that runs stores 0 in ENGINE itself)");
                }
                memory.set(Word.ENGINE, NO_ENGINE);
            });
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    void resume() {
        long stamp = pause.getAndSet(0);
        if (stamp != 0) {
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
    }
}
