package dev.spillway.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * Memory in pages of 2 MiB, if the system has them. The memory of a pager is allocated page by page when the pager is made. With pages of 4 KiB, page
 * faults would take most of the time of that, and of the first read of a file into the memory. Thread-safe.
 */
final class HugePages {
    static final long BYTES = 2 << 20;
    private static final long SYSTEM_PAGE = 4096;
    private static final boolean LINUX = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
    private static final int READ_AND_WRITE = 3;
    private static final int PRIVATE_AND_ANONYMOUS = 0x22;
    private static final long MAP_FAILED = -1;
    private static final int HUGE_PAGES = 14;

    private HugePages() {}

    /** Functions of Linux, linked when the first pager is made. */
    private static final class Functions {
        private static final MethodHandle MAP = link(
                "mmap",
                FunctionDescriptor.of(
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        private static final MethodHandle ADVISE = link(
                "madvise",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        private static final MethodHandle UNMAP =
                link("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

        @SuppressWarnings("restricted")
        private static MethodHandle link(String name, FunctionDescriptor descriptor) {
            return Linker.nativeLinker().downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name), descriptor);
        }
    }

    /**
     * Allocates memory filled with zeros. The system has allocated all of it when this returns, so that no later write fails for lack of memory.
     *
     * @throws OutOfMemoryError if the system refuses it
     */
    static MemorySegment allocate(Arena arena, long bytes) {
        if (!LINUX || bytes < BYTES) {
            return arena.allocate(bytes, SYSTEM_PAGE);
        }
        // One page more, because the mapping may begin at any address.
        MemorySegment mapped = map(arena, bytes + BYTES);
        MemorySegment memory = mapped.asSlice(-mapped.address() & BYTES - 1, bytes);
        advise(memory);
        for (long at = 0; at < bytes; at += SYSTEM_PAGE) {
            memory.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
        }
        return memory;
    }

    @SuppressWarnings("restricted")
    private static MemorySegment map(Arena arena, long bytes) {
        try {
            MemorySegment mapped =
                    (MemorySegment) Functions.MAP.invokeExact(MemorySegment.NULL, bytes, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L);
            if (mapped.address() == MAP_FAILED) {
                throw new OutOfMemoryError("mmap of %d bytes failed".formatted(bytes));
            }
            return mapped.reinterpret(bytes, arena, HugePages::unmap);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Asks for huge pages. Ignores a refusal, because memory without huge pages works, too, only slower. */
    private static void advise(MemorySegment memory) {
        try {
            int _ = (int) Functions.ADVISE.invokeExact(memory, memory.byteSize(), HUGE_PAGES);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    private static void unmap(MemorySegment mapped) {
        try {
            if ((int) Functions.UNMAP.invokeExact(mapped, mapped.byteSize()) != 0) {
                throw new IllegalStateException("munmap of %d bytes failed".formatted(mapped.byteSize()));
            }
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    private static Error unchecked(Throwable thrown) {
        return switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> e;
            default -> new AssertionError("a native call threw", thrown);
        };
    }
}
