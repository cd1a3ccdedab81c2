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
 * The bytes of a pager's slots. A lookup gives a {@link Use} of a slot, which ends when the slot gets another owner. The bytes of a slot are read and
 * changed under its stripe, the innermost lock. A change first saves the old bytes for a capture that has not read them. Thread-safe. The caller
 * keeps the memory open.
 */
final class PageSlots {
    private static final int STRIPES = 64;

    private final PageMemory memory;
    private final boolean checksums;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    /** Number of the valid use of each slot. Changed under both the lock of the tables and the stripe, so it may be read under either. */
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

    /** Sets the capture for which changes save old bytes from now on; null for none. */
    void freeze(@Nullable FrozenPages capture) {
        frozen = capture;
    }

    /** Reads a slot. Reads nothing and returns null if the use has ended. */
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
                throw new PagerRefusedException(
                        Reason.MEMORY_DAMAGED,
                        "slot %d: its content is not what was written to it".formatted(slot));
            }
            return read;
        } finally {
            stripe.unlock();
        }
    }

    /** Writes a slot. Writes nothing and returns false if the use has ended. */
    boolean write(Use use, ByteBuffer content) throws InterruptedException {
        return change(use.slot(), use, () -> {
            if (checksums) {
                return memory.writeChecked(use.slot(), content);
            }
            memory.write(use.slot(), content);
            return null;
        });
    }

    /** Changes the bytes of a slot, and returns the check of the new bytes; null for none. */
    private interface SlotChange {
        @Nullable
        PageCheck run();
    }

    /**
     * Changes a slot's bytes, after saving the old ones for a capture that has not read them. Changes nothing and returns false if the use has ended,
     * before or during a wait for room.
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
            // Waits without the stripe, because the reader may need it to make room.
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
     * Copies a slot with its check into a reserved one, so that damage during the copy is found at the next read. Copies nothing and returns false if
     * the use has ended.
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
     * Fills a reserved slot from a file, and returns the hash of its bytes after that.
     *
     * @param page the content at that position, as the manifest describes it
     * @throws java.io.UncheckedIOException if the file cannot be read
     */
    PageHash fill(int slot, FileChannel from, long position, PackPage page) throws InterruptedException {
        // Saves the bytes of the former owner, which may be a part of a capture under way.
        change(slot, null, () -> null);
        memory.fill(slot, from, position);
        PageCheck check = !checksums || page.check() != null ? page.check() : memory.checkOf(slot);
        // The slot equals its pack until the next write.
        memory.setWritten(slot, 0);
        // The hash is computed after the check. So a write of an engine between the two is found by the hash, and a later one by the check.
        PageHash hash = memory.hashOf(slot);
        // A wrong content gets no check, because its check would fail for the next owner of the slot.
        memory.setCheck(slot, checksums && hash.equals(page.hash()) ? check : null);
        return hash;
    }
}
