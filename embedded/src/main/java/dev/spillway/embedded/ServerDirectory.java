package dev.spillway.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of one server, locked by one process. {@link #close()} deletes it if it is temporary.
 *
 * <p>The lock is a file lock of the operating system, so it ends with a killed process. Such a lock belongs to the whole
 * process, and the process loses it when it closes any descriptor of the file. So this class remembers the paths that this
 * process has locked, and refuses them before the file is opened a second time.
 */
final class ServerDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerDirectory.class);
    private static final String LOCK = "lock";
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final boolean temporary;
    private final FileChannel channel;

    /** Stops what a killed process left running on a directory. */
    @FunctionalInterface
    interface Reaper {
        void clear(Path left) throws IOException;
    }

    private ServerDirectory(Path path, boolean temporary, FileChannel channel) {
        this.path = path;
        this.temporary = temporary;
        this.channel = channel;
    }

    /**
     * @param server the server's name for messages
     * @param kept   the directory to use, made if it is missing; null for a temporary one
     * @param reaper stops what a killed process left running on a temporary directory, before that is deleted
     */
    static ServerDirectory open(String server, @Nullable Path kept, Reaper reaper) {
        try {
            if (kept == null) {
                return openTemporary(server, reaper);
            }
            Path path = Files.createDirectories(kept).toRealPath();
            requirePlain(server + " directory", path);
            ServerDirectory opened = lock(path, false);
            if (opened == null) {
                throw new DirectoryInUseException(server, path);
            }
            return opened;
        } catch (IOException e) {
            throw new EmbeddedServerException(
                    server + " directory: " + kept + " cannot be used (expected: a directory that this user can write): " + e,
                    e);
        }
    }

    /** Refuses a path with special characters: {@code pg_ctl} passes it to a shell, and Kafka splits its setting at commas. */
    static void requirePlain(String name, Path directory) {
        if (directory.toString().matches("(?s).*[,\"$`\\\\\n].*")) {
            throw new EmbeddedServerException(
                    name + ": " + directory + " (expected: a path without any of , \" $ ` \\ and without a line break)");
        }
    }

    private static ServerDirectory openTemporary(String server, Reaper reaper) throws IOException {
        String prefix = "spillway-" + server.toLowerCase(Locale.ROOT) + "-";
        Path parent = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        requirePlain(server + " directory", parent);
        sweep(parent, prefix, reaper);
        while (true) {
            Path path = Files.createTempDirectory(parent, prefix);
            // A server that no longer runs as root must be able to traverse this directory to its data, which have
            // modes of their own.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx--x--x"));
            ServerDirectory opened = lock(path, true);
            if (opened != null) {
                return opened;
            }
            LOG.debug("{} was swept away before it was locked", path);
        }
    }

    /**
     * Removes the temporary directories of killed processes, which are the ones without a lock: a process locks its
     * directory for as long as it lives.
     */
    private static void sweep(Path parent, String prefix, Reaper reaper) throws IOException {
        List<Path> candidates;
        try (Stream<Path> children = Files.list(parent)) {
            candidates = children.filter(child -> child.getFileName().toString().startsWith(prefix)).toList();
        }
        for (Path candidate : candidates) {
            try {
                if (Files.isRegularFile(candidate.resolve(LOCK))
                        && PostgresBinaries.currentUid() == (Integer) Files.getAttribute(candidate, "unix:uid")) {
                    ServerDirectory left = lock(candidate.toRealPath(), true);
                    if (left != null) {
                        try (left) {
                            LOG.info("Removing {}, left behind by a killed process", candidate);
                            reaper.clear(left.path);
                        }
                    }
                }
            } catch (IOException | EmbeddedServerException e) {
                LOG.warn("Left behind by a killed process and not removable now: {}: {}", candidate, e.toString());
            }
        }
    }

    /** Locks a directory; returns null if another process has it, or has removed it meanwhile. */
    private static @Nullable ServerDirectory lock(Path path, boolean temporary) throws IOException {
        if (!HELD_HERE.add(path)) {
            return null;
        }
        FileChannel channel = null;
        boolean locked = false;
        try {
            Path file = path.resolve(LOCK);
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            Object opened = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            FileLock lock = channel.tryLock();
            locked = lock != null && Objects.equals(opened, Files.readAttributes(file, BasicFileAttributes.class).fileKey());
            return locked ? new ServerDirectory(path, temporary, channel) : null;
        } catch (OverlappingFileLockException e) {
            return null;
        } catch (NoSuchFileException e) {
            if (!temporary) {
                throw e;
            }
            return null;
        } finally {
            if (!locked) {
                HELD_HERE.remove(path);
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }

    Path path() {
        return path;
    }

    /** Releases the directory; deletes a temporary one first, under the lock. */
    @Override
    public void close() {
        try {
            if (temporary) {
                FileUtils.deleteDirectory(path.toFile());
            }
        } catch (IOException e) {
            LOG.warn("Temporary directory {} could not be deleted whole: {}", path, e.toString());
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("unlocking " + path, e);
        } finally {
            HELD_HERE.remove(path);
        }
    }
}
