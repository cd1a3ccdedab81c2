package dev.spillway.dev;

import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The data folder of a development fleet, locked by its process: a permanent one, or a temporary one that is deleted at close. The lock is one of the
 * operating system, so it ends with a killed process.
 */
final class DevFolder implements AutoCloseable {
    private static final String LOCK = "spillway-dev.lock";
    private static final String TEMPORARY = "spillway-dev-";

    private final Path path;
    private final boolean temporary;
    private final FileChannel channel;

    private DevFolder(Path path, boolean temporary, FileChannel channel) {
        this.path = path;
        this.temporary = temporary;
        this.channel = channel;
    }

    /**
     * Opens a folder, and creates it if it is missing.
     *
     * @param kept path of a permanent folder; null for a temporary one, for which leftovers of killed runs are removed first
     */
    static DevFolder open(@Nullable Path kept) {
        try {
            return kept == null ? openTemporary() : openKept(kept.toAbsolutePath().normalize());
        } catch (IOException e) {
            throw failed(
                    "--data: %s cannot be used: %s (expected: a directory that this user can write)".formatted(
                            kept == null ? System.getProperty("java.io.tmpdir") : kept,
                            reason(e)));
        }
    }

    /** Returns the path of an existing or future folder without symbolic links. Creates nothing. */
    static Path placeOf(Path kept) throws IOException {
        Path whole = kept.toAbsolutePath().normalize();
        Path there = whole;
        while (!Files.exists(there)) {
            there = Objects.requireNonNull(there.getParent(), "the root is always there");
        }
        return there.toRealPath().resolve(there.relativize(whole));
    }

    Path path() {
        return path;
    }

    boolean temporary() {
        return temporary;
    }

    private static DevFolder openKept(Path directory) throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw failed("--data: " + directory + " is no directory (expected: a directory, or a path where none is yet)");
        }
        Path path = Files.createDirectories(directory).toRealPath();
        try (Stream<Path> content = Files.list(path)) {
            if (!Files.exists(path.resolve(LOCK)) && content.findAny().isPresent()) {
                throw failed("--data: " + path + " holds something else (expected: an empty or new directory, or one of an earlier run)");
            }
        }
        DevFolder opened = lock(path, false);
        if (opened == null) {
            String holder = Files.readString(path.resolve(LOCK)).strip();
            throw failed(
                    "--data: %s is in use by another spillway dev%s (expected: a directory of its own, or that one stopped)"
                            .formatted(path, holder.isEmpty() ? "" : ", process " + holder));
        }
        return opened;
    }

    private static DevFolder openTemporary() throws IOException {
        Path parent = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        List<Path> left;
        try (Stream<Path> children = Files.list(parent)) {
            left = children.filter(child -> child.getFileName().toString().startsWith(TEMPORARY))
                    .filter(child -> Files.isRegularFile(child.resolve(LOCK), LinkOption.NOFOLLOW_LINKS) && isOurs(child))
                    .toList();
        }
        for (Path folder : left) {
            DevFolder killed = lock(folder, true);
            if (killed != null) {
                killed.close();
            }
        }
        DevFolder opened = lock(Files.createTempDirectory(parent, TEMPORARY), true);
        if (opened == null) {
            throw new IOException("a new folder was locked by someone else");
        }
        return opened;
    }

    private static boolean isOurs(Path folder) {
        try {
            return Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName().equals(System.getProperty("user.name"));
        } catch (IOException e) {
            return false;
        }
    }

    /** Locks a folder; returns null if another process has locked it. */
    private static @Nullable DevFolder lock(Path path, boolean temporary) throws IOException {
        FileChannel channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            FileLock lock = channel.tryLock();
            locked = lock != null;
            if (!locked) {
                return null;
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)), 0);
            return new DevFolder(path, temporary, channel);
        } catch (OverlappingFileLockException e) {
            return null;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    /** Unlocks the folder. A temporary folder is deleted before with all of its content. */
    @Override
    public void close() throws IOException {
        try (channel) {
            if (temporary) {
                delete(path);
            } else {
                channel.truncate(0);
            }
        }
    }

    /** Deletes a tree. Makes directories writable and listable before, because copied trees keep their modes. */
    private static void delete(Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
            List<Path> children;
            try (Stream<Path> listed = Files.list(file)) {
                children = listed.toList();
            }
            for (Path child : children) {
                delete(child);
            }
        }
        Files.deleteIfExists(file);
    }

    private static CommandFailedException failed(String line) {
        return new CommandFailedException(CommandOutcome.failed(line));
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
    }
}
