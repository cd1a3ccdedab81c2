package dev.spillway.bench.artifacts;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/** The page cache of Linux. */
final class PageCache {
    private static final int POSIX_FADV_DONTNEED = 4;
    private static final Path COUNTS = Path.of("/proc/self/io");
    private static final String READ = "read_bytes: ";
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = link("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle FADVISE =
            link("posix_fadvise", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private PageCache() {}

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
    }

    /** Returns whether this system can drop files from the page cache and reports disk reads, which needs Linux and a file system on a disk. */
    static boolean canDrop(Path directory) throws IOException {
        return Files.isReadable(COUNTS) && !Files.getFileStore(directory).type().equals("tmpfs");
    }

    /** Syncs all files of a directory to the disk, and drops them from the page cache. */
    static void drop(Path directory) throws IOException, InterruptedException {
        if (new ProcessBuilder("sync", "-f", directory.toString()).inheritIO().start().waitFor() != 0) {
            throw new IOException("%s: sync failed".formatted(directory));
        }
        try (Stream<Path> files = Files.list(directory); Arena arena = Arena.ofConfined()) {
            List<Path> regular = files.filter(Files::isRegularFile).toList();
            for (Path file : regular) {
                drop(arena.allocateFrom(file.toString()), file);
            }
        }
    }

    private static void drop(MemorySegment name, Path file) throws IOException {
        int result;
        try {
            int opened = (int) OPEN.invokeExact(name, 0);
            result = (int) FADVISE.invokeExact(opened, 0L, 0L, POSIX_FADV_DONTNEED);
            if ((int) CLOSE.invokeExact(opened) != 0) {
                throw new IOException("%s: close failed".formatted(file));
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a native call threw", e);
        }
        if (result != 0) {
            throw new IOException("%s: posix_fadvise returned %d (expected: 0)".formatted(file, result));
        }
    }

    /** Returns the bytes that all threads of this process have read from disks; 0 if the system does not say. */
    static long bytesReadFromDisk() throws IOException {
        if (!Files.isReadable(COUNTS)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(COUNTS)) {
            return lines.filter(line -> line.startsWith(READ))
                    .mapToLong(line -> Long.parseLong(line.substring(READ.length())))
                    .findFirst()
                    .orElse(0);
        }
    }
}
