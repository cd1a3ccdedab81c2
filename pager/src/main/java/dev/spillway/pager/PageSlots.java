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
 * The bytes of a pager's slots. Each use is of the slot as its owner had it when it was looked up. Each slot is read and changed under one of some stripes, the innermost lock; a change saves the old bytes first for a
 * capture that has not read them. Thread-safe. Whoever calls keeps the memory open.
 */
final class PageSlots {
    private static final int STRIPES = 64;

    private final PageMemory memory;
    private final boolean checksums;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    /** By slot, the number of the use that is valid. Changed under the lock of the tables and the stripe, so read under either. */
    private final long[] uses;
    private volatile @Nullable FrozenPages frozen;

    /** @param checksums whether each write computes a check, so that each read is verified */
    PageSlots(PageMemory memory, boolean checksums) {
        this.memory = memory;
        this.checksums = checksums;
        this.uses = new long[memory.layout().slots()];
        Arrays.setAll(stripes, _ -> new ReentrantLock());
    }

    /** A slot and the number of its use, which {@link #endUses} ends. */
    record Use(int slot, long number) {}

    /** Returns the use of a slot that is valid now. The caller locks the tables. */
    Use use(int slot) {
        return new Use(slot, uses[slot]);
    }

    boolean isValid(Use use) {
        return uses[use.slot()] == use.number();
    }

    /** Ends all uses of a slot, because it is freed or gets a second owner. Waits for reads and writes under way. The caller locks the tables. */
    void endUses(int slot) {
        Lock stripe = stripe(slot);
        stripe.lock();
        try {
            uses[slot]++;
        } finally {
            stripe.unlock();
        }
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

    /** Reads a slot; null if the use is over, and nothing was read. */
    PageMemory.@Nullable Read readVerified(Use use, ByteBuffer into) {
        int slot = use.slot();
        Lock stripe = stripe(slot);
        stripe.lock();
        try {
            if (!isValid(use)) {
                return null;
            }
            PageMemory.Read read = memory.readChecked(slot, into);
            if (!read.intact()) {
                throw new PagerRefusedException(Reason.MEMORY_DAMAGED,
                        "slot %d: its content is not what was written to it".formatted(slot));
            }
            return read;
        } finally {
            stripe.unlock();
        }
    }

    /** Writes a slot, and returns false if the use is over, and nothing was written. */
    boolean write(Use use, ByteBuffer content) throws InterruptedException {
        return change(use.slot(), use, () -> {
            if (checksums) {
                return memory.writeChecked(use.slot(), content);
            }
            memory.write(use.slot(), content);
            return null;
        });
    }

    /** Changes the bytes of a slot, and returns the check of what is there then, or null for none. */
    private interface SlotChange {
        @Nullable
        PageCheck run();
    }

    /**
     * Changes a slot's bytes after saving them for a capture that has not read them. Returns false if the use is over, also by the end of a wait.
     *
     * @param use null for a reserved slot, which nobody else can use
     */
    private boolean change(int slot, @Nullable Use use, SlotChange change) throws InterruptedException {
        Lock stripe = stripe(slot);
        while (true) {
            FrozenPages capture = frozen;
            stripe.lock();
            try {
                if (use != null && !isValid(use)) {
                    return false;
                }
                if (capture == null || capture.isRead(slot) || capture.save(slot)) {
                    memory.setCheck(slot, null);
                    memory.setWritten(slot, memory.get(Word.EPOCH));
                    memory.setCheck(slot, change.run());
                    return true;
                }
            } finally {
                stripe.unlock();
            }
            // Not with the stripe: the reader needs it to make room.
            capture.awaitRoom();
        }
    }

    /** Fills a reserved slot with zeros. */
    void clear(int slot) throws InterruptedException {
        change(slot, null, () -> {
            memory.clear(slot);
            return null;
        });
    }

    /**
     * Copies a slot with its check into a reserved one, so that a copy that is damaged on its way is found when it is read. Returns false if the use is
     * over, and nothing was copied.
     */
    boolean copy(Use from, int to) throws InterruptedException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(memory.layout().region(from.slot()).slotBytes()));
        PageMemory.Read read = readVerified(from, content);
        return read != null && change(to, null, () -> {
            memory.write(to, content);
            return read.check();
        });
    }

    /**
     * Fills a reserved slot from a file, and returns the hash of what is there then.
     *
     * @param page what the file has there, as its manifest says
     * @throws java.io.UncheckedIOException if that cannot be read
     */
    PageHash fill(int slot, FileChannel from, long position, PackPage page) throws InterruptedException {
        // Its former owner's bytes may be a part of a capture under way.
        change(slot, null, () -> null);
        memory.fill(slot, from, position);
        PageCheck check = !checksums || page.check() != null ? page.check() : memory.checkOf(slot);
        // The slot equals its pack until the next write.
        memory.setWritten(slot, 0);
        // After the check: what an engine writes between the two is found by the hash, and what it writes later by the check.
        PageHash hash = memory.hashOf(slot);
        // Another content would fail the check when the next owner of the slot reads it.
        memory.setCheck(slot, checksums && hash.equals(page.hash()) ? check : null);
        return hash;
    }
}
