package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a pager: a header, a record for each slot, and the slots' bytes. All numbers are little-endian. {@code docs/pager.md} describes it
 * for engines that map it. No segment leaves this class; an access after {@link #close} throws an {@link IllegalStateException}.
 */
final class PageMemory implements AutoCloseable {
    static final long MAGIC = ByteBuffer.wrap("SPLWYKV1".getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    static final int VERSION = 1;

    /** Words of the header that change while a pager lives, each on a cache line of its own. */
    enum Word {
        /** 1 + the number of captures begun. */
        EPOCH(256),
        /** Epoch of the capture under way, or 0. */
        CAPTURING(320),
        /** Number of pauses asked of an engine. */
        PAUSE_ASKED(384),
        /** The last pause that the engine has taken. Written by the engine. */
        PAUSE_TAKEN(448),
        /** The last pause that has ended. */
        PAUSE_ENDED(512),
        /** 0 for no engine, 1 for one that saves before it writes, 2 for one that does not. Written by the engine. */
        ENGINE(576),
        /** Number of save slots that the engine has filled in this capture. Written by the engine, set to 0 by each capture. */
        SAVES_FILLED(640),
        /** 1 + the slot that the engine waits for, or 0. Written by the engine. */
        WANTED(704),
        /** 1 once the pager is closed. */
        CLOSED(768);

        private final long offset;

        Word(long offset) {
            this.offset = offset;
        }

        private int line() {
            return (int) (offset / CACHE_LINE);
        }
    }

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = LONG.varHandle();
    private static final VarHandle INTS = INT.varHandle();
    private static final int ZEROS = 1 << 20;
    private static final int CACHE_LINE = 64;

    private static final long COPIED = 0;
    private static final long WRITTEN = 8;
    private static final long SAVED = 16;
    private static final long CHECKED = 20;
    private static final long CHECK_LOW = 24;
    private static final long CHECK_HIGH = 32;
    private static final long RESERVED = 40;

    private final PageFileLayout layout;
    private final Arena arena;
    private final MemorySegment memory;
    private final @Nullable Path file;
    /** Open and locked for as long as this process uses the file, so that an engine can see by the lock whether the process lives. */
    private final @Nullable FileChannel channel;
    /** The words that only this process should write. They are read from here, because an engine may overwrite those in the file. */
    private final AtomicLongArray own = new AtomicLongArray(PageFileLayout.HEADER_BYTES / CACHE_LINE);

    private PageMemory(PageFileLayout layout, Arena arena, MemorySegment memory, @Nullable Path file, @Nullable FileChannel channel) {
        this.layout = layout;
        this.arena = arena;
        this.memory = memory;
        this.file = file;
        this.channel = channel;
    }

    /** Makes memory that only this process can use. */
    static PageMemory ofProcess(PagerMeta meta, PageFileLayout layout) {
        Arena arena = Arena.ofShared();
        try {
            return described(meta, new PageMemory(layout, arena, HugePages.allocate(arena, layout.bytes()), null, null));
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new PagerRefusedException(
                    PagerRefusedException.Reason.EXHAUSTED,
                    "%d bytes of memory for a pager cannot be allocated: %s".formatted(layout.bytes(), e.getMessage()));
        }
    }

    /**
     * Makes a new file that engines may map. All of its blocks are allocated, because a write to a hole would end the process if the tmpfs is full.
     *
     * @throws IOException if the file exists, or does not fit
     */
    static PageMemory ofFile(PagerMeta meta, PageFileLayout layout, Path file) throws IOException {
        Arena arena = Arena.ofShared();
        PageMemory memory = null;
        FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            if (channel.tryLock() == null) {
                throw new IOException(file + ": another process has locked it");
            }
            ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
            for (long at = 0; at < layout.bytes(); at += zeros.limit()) {
                zeros.clear().limit((int) Math.min(ZEROS, layout.bytes() - at));
                while (zeros.hasRemaining()) {
                    channel.write(zeros, at + zeros.position());
                }
            }
            memory = described(
                    meta,
                    new PageMemory(layout, arena, channel.map(MapMode.READ_WRITE, 0, layout.bytes(), arena), file, channel));
            return memory;
        } finally {
            if (memory == null) {
                arena.close();
                channel.close();
                Files.deleteIfExists(file);
            }
        }
    }

    private static PageMemory described(PagerMeta meta, PageMemory memory) {
        PageFileLayout layout = memory.layout;
        byte[] descriptor = meta.describe(layout);
        ByteBuffer header = ByteBuffer.allocate(PageFileLayout.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(8, (long) PageFileLayout.HEADER_BYTES << 32 | VERSION)
                .putLong(16, layout.pages())
                .putLong(24, layout.pageRegion().slotBytes())
                .putLong(32, PageFileLayout.HEADER_BYTES)
                .putLong(40, descriptor.length)
                .putLong(48, PageFileLayout.RECORDS_OFFSET)
                .putLong(56, layout.dataOffset())
                .putLong(64, layout.saves().offset())
                .putLong(72, layout.saves().count())
                .putLong(80, layout.saves().slotBytes())
                .putLong(88, layout.bytes())
                .put(96, bytes(meta.model()))
                .put(128, bytes(meta.layout()));
        MemorySegment.copy(header.array(), 0, memory.memory, ValueLayout.JAVA_BYTE, 0, PageFileLayout.HEADER_BYTES);
        MemorySegment.copy(descriptor, 0, memory.memory, ValueLayout.JAVA_BYTE, PageFileLayout.HEADER_BYTES, descriptor.length);
        // The magic number is written last, so that a file with it is complete.
        LONGS.setRelease(memory.memory, 0L, MAGIC);
        return memory;
    }

    private static byte[] bytes(ContentDigest digest) {
        return HexFormat.of().parseHex(digest.value());
    }

    PageFileLayout layout() {
        return layout;
    }

    @Nullable
    Path file() {
        return file;
    }

    long get(Word word) {
        return switch (word) {
            case EPOCH, CAPTURING, PAUSE_ASKED, PAUSE_ENDED, CLOSED -> own.get(word.line());
            case PAUSE_TAKEN, ENGINE, SAVES_FILLED, WANTED -> (long) LONGS.getVolatile(memory, word.offset);
        };
    }

    void set(Word word, long value) {
        own.set(word.line(), value);
        LONGS.setVolatile(memory, word.offset, value);
    }

    private static long record(int slot, long field) {
        return PageFileLayout.RECORDS_OFFSET + (long) slot * PageFileLayout.RECORD_BYTES + field;
    }

    /** Returns the epoch of the last capture that does not need the slot's bytes any more. */
    long copied(int slot) {
        return (long) LONGS.getAcquire(memory, record(slot, COPIED));
    }

    void setCopied(int slot, long epoch) {
        LONGS.setRelease(memory, record(slot, COPIED), epoch);
    }

    /** Returns the epoch in which the slot was written last. */
    long written(int slot) {
        return (long) LONGS.getAcquire(memory, record(slot, WRITTEN));
    }

    void setWritten(int slot, long epoch) {
        LONGS.setRelease(memory, record(slot, WRITTEN), epoch);
    }

    /** Tells engines whether a restore or a copy fills the slot, so that none writes it. */
    void setReserved(int slot, boolean reserved) {
        INTS.setRelease(memory, record(slot, RESERVED), reserved ? 1 : 0);
    }

    /** Returns the check of the slot's bytes, if it is known. */
    @Nullable
    PageCheck check(int slot) {
        return (int) INTS.getAcquire(memory, record(slot, CHECKED)) != 1 ? null
                : new PageCheck((long) LONGS.get(memory, record(slot, CHECK_LOW)), (long) LONGS.get(memory, record(slot, CHECK_HIGH)));
    }

    void setCheck(int slot, @Nullable PageCheck check) {
        if (check != null) {
            LONGS.set(memory, record(slot, CHECK_LOW), check.low());
            LONGS.set(memory, record(slot, CHECK_HIGH), check.high());
        }
        INTS.setRelease(memory, record(slot, CHECKED), check == null ? 0 : 1);
    }

    /**
     * The outcome of a read.
     *
     * @param intact whether the bytes match their check; true without a check
     * @param check  check of the bytes; null if they have none
     */
    record Read(boolean intact, @Nullable PageCheck check) {
        private static final Read UNCHECKED = new Read(true, null);
    }

    /** Reads a slot as of an epoch: its bytes, or those that an engine has saved since. */
    Read readAsOf(int slot, long epoch, ByteBuffer into) {
        Read read = readChecked(slot, into.duplicate());
        // An engine stores the epoch in the record before it changes the bytes. If it is not there yet, the bytes just read are the old ones.
        VarHandle.acquireFence();
        if (copied(slot) == epoch) {
            int saved = (int) INTS.getAcquire(memory, record(slot, SAVED)) - 1;
            if (saved < 0 || saved >= Math.min(layout.saves().count(), get(Word.SAVES_FILLED))) {
                throw new PagerRefusedException(
                        PagerRefusedException.Reason.MEMORY_DAMAGED,
                        "slot %d: was written while captured, and its old content is in no save slot (%d)".formatted(slot, saved));
            }
            copyOut(layout.saves().offsetOf(saved), into);
            // The engine removes the check when it writes, so saved bytes have none.
            return Read.UNCHECKED;
        }
        return read;
    }

    /** Reads a slot. */
    Read readChecked(int slot, ByteBuffer into) {
        if (check(slot) == null) {
            read(slot, into);
            return Read.UNCHECKED;
        }
        PageCheck found = file == null ? PageCheck.copying(bytes(slot), MemorySegment.ofBuffer(into))
                : PageCheck.ofCopy(bytes(slot), MemorySegment.ofBuffer(into));
        // An engine removes the check before it changes the bytes. If the check is still there, it is that of the copied bytes.
        VarHandle.acquireFence();
        PageCheck check = check(slot);
        return check == null ? Read.UNCHECKED : new Read(check.equals(found), check);
    }

    void read(int slot, ByteBuffer into) {
        copyOut(layout.region(slot).offsetOf(slot), into);
    }

    private void copyOut(long offset, ByteBuffer into) {
        MemorySegment.copy(memory, offset, MemorySegment.ofBuffer(into), 0, into.remaining());
    }

    void write(int slot, ByteBuffer content) {
        bytes(slot).copyFrom(MemorySegment.ofBuffer(content));
    }

    /** Writes a slot, and returns the check of the content. */
    PageCheck writeChecked(int slot, ByteBuffer content) {
        return PageCheck.copying(MemorySegment.ofBuffer(content), bytes(slot));
    }

    private MemorySegment bytes(int slot) {
        SlotRegion region = layout.region(slot);
        return memory.asSlice(region.offsetOf(slot), region.slotBytes());
    }

    void clear(int slot) {
        bytes(slot).fill((byte) 0);
    }

    PageHash hashOf(int slot) {
        return PageHash.of(bytes(slot));
    }

    PageCheck checkOf(int slot) {
        return file == null ? PageCheck.of(bytes(slot)) : PageCheck.ofMapped(bytes(slot));
    }

    /**
     * Fills a slot from a file at a position.
     *
     * @throws UncheckedIOException if the file cannot be read
     */
    void fill(int slot, FileChannel from, long position) {
        ByteBuffer into = bytes(slot).asByteBuffer();
        try {
            while (into.hasRemaining()) {
                if (from.read(into, position + into.position()) < 0) {
                    throw new PagerRefusedException(
                            PagerRefusedException.Reason.DAMAGED,
                            "the file ends at %d (expected: %d bytes more)".formatted(position + into.position(), into.remaining()));
                }
            }
        } catch (IOException e) {
            throw isCutOff() ? cutOff(e) : new UncheckedIOException(e);
        }
    }

    /** Returns the refusal for a fault in the memory if the file was truncated; throws the fault again otherwise. */
    PagerRefusedException refusal(InternalError fault) {
        if (!isCutOff()) {
            throw fault;
        }
        return cutOff(fault);
    }

    private boolean isCutOff() {
        return file != null && file.toFile().length() < layout.bytes();
    }

    private PagerRefusedException cutOff(Throwable fault) {
        PagerRefusedException refused = new PagerRefusedException(
                PagerRefusedException.Reason.MEMORY_DAMAGED,
                "%s: was cut off (expected: %d bytes, as when it was made); the pager can only be closed".formatted(file, layout.bytes()));
        refused.initCause(fault);
        return refused;
    }

    @Override
    public void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        try {
            set(Word.CLOSED, 1);
            // These two come after CLOSED, because an engine that waits for one of them looks at CLOSED next.
            set(Word.PAUSE_ENDED, get(Word.PAUSE_ASKED));
            set(Word.CAPTURING, 0);
        } catch (InternalError e) {
            // Ignored if the file is truncated, because then no engine can read the words either.
            if (!isCutOff()) {
                throw e;
            }
        } finally {
            arena.close();
        }
        if (file != null && channel != null) {
            try (channel) {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
