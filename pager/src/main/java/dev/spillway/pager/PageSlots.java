package dev.spillway.pager;

import dev.spillway.pager.PageMemory.Word;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a pager's slots. Each slot is read and changed under one of some stripes, the innermost lock; a change saves the old bytes first for a
 * capture that has not read them. Thread-safe. Whoever calls keeps the memory open.
 */
final class PageSlots {
    private static final int STRIPES = 64;

    private final PageMemory memory;
    private final boolean checksums;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private volatile @Nullable FrozenPages frozen;

    /** @param checksums whether each write computes a check, so that each read is verified */
    PageSlots(PageMemory memory, boolean checksums) {
        this.memory = memory;
        this.checksums = checksums;
        Arrays.setAll(stripes, _ -> new ReentrantLock());
    }

    Lock stripe(int slot) {
        return stripes[slot & STRIPES - 1];
    }

    /** Returns the capture for which changes save old bytes, or null. */
    @Nullable
    FrozenPages frozen() {
        return frozen;
    }

    /** Saves old bytes for a capture from now on, or for none. */
    void freeze(@Nullable FrozenPages capture) {
        frozen = capture;
    }

    /** Reads a slot, and returns the check that its bytes have, or null if it has none. */
    @Nullable
    PageCheck readVerified(int slot, ByteBuffer into) {
        Lock stripe = stripe(slot);
        stripe.lock();
        try {
            if (!memory.readChecked(slot, into)) {
                throw new PagerRefusedException(Reason.DAMAGED, "slot %d: its content is not what was written to it".formatted(slot));
            }
            return memory.check(slot);
        } finally {
            stripe.unlock();
        }
    }

    void write(int slot, ByteBuffer content) throws InterruptedException {
        change(slot, () -> {
            if (checksums) {
                return memory.writeChecked(slot, content);
            }
            memory.write(slot, content);
            return null;
        });
    }

    /** Changes the bytes of a slot, and returns the check of what is there then, or null for none. */
    private interface SlotChange {
        @Nullable
        PageCheck run();
    }

    /** Changes a slot's bytes after saving them for a capture that has not read them. */
    private void change(int slot, SlotChange change) throws InterruptedException {
        Lock stripe = stripe(slot);
        while (true) {
            FrozenPages capture = frozen;
            stripe.lock();
            try {
                if (capture == null || capture.isRead(slot) || capture.save(slot)) {
                    memory.setCheck(slot, null);
                    memory.setWritten(slot, memory.get(Word.EPOCH));
                    memory.setCheck(slot, change.run());
                    return;
                }
            } finally {
                stripe.unlock();
            }
            // Not with the stripe: the reader needs it to make room.
            capture.awaitRoom();
        }
    }

    /** Fills a slot with zeros. */
    void clear(int slot) throws InterruptedException {
        change(slot, () -> {
            memory.clear(slot);
            return null;
        });
    }

    /** Copies a slot with its check, so that a copy that is damaged on its way is found when it is read. */
    void copy(int from, int to) throws InterruptedException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(memory.layout().region(from).slotBytes()));
        PageCheck check = readVerified(from, content);
        change(to, () -> {
            memory.write(to, content);
            return check;
        });
    }

    /**
     * Fills a slot from a file, and returns the hash of what is there then.
     *
     * @throws java.io.UncheckedIOException if that cannot be read
     */
    PageHash fill(int slot, FileChannel from, long position) throws InterruptedException {
        // Its former owner's bytes may be a part of a capture under way.
        change(slot, () -> null);
        memory.fill(slot, from, position);
        PageHash hash = memory.hashOf(slot);
        // The slot equals its pack until the next write.
        memory.setWritten(slot, 0);
        memory.setCheck(slot, checksums ? memory.checkOf(slot) : null);
        return hash;
    }
}
