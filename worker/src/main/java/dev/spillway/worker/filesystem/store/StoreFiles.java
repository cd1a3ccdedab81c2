package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.AccessList;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;

/**
 * The open files of a store: its lock, its areas, and the notes of trees that were taken over. All areas lie on one file system, so that a tree moves
 * between them by rename.
 */
final class StoreFiles implements AutoCloseable {
    private static final FileName LOCK = FileName.of("lock");
    private static final FileName IDENTITY = FileName.of("store.properties");
    private static final FileName OFFERED = FileName.of("offered");
    /** Names allowed in a directory that is no store yet: leftovers of a crash while it was made, and those of a new file system. */
    private static final Set<FileName> BEFORE_IDENTITY =
            Set.of(LOCK, FileName.of(IDENTITY + DurableFile.UNFINISHED), FileName.of("lost+found"));
    private static final String EXPECTED = " (expected: a directory that can be made or written)";
    private static final String LAYOUT = "1";
    private static final int PRIVATE_FILE = 0600;
    private static final int PRIVATE_DIRECTORY = 0700;
    private static final int READABLE_DIRECTORY = 0755;
    private static final int ID_LENGTH = 36;

    private final Path path;
    private final List<OpenFile> open;
    private final OpenDirectory root;
    private final Map<FileName, OpenDirectory> directories;
    private final String storeId;

    private StoreFiles(Path path, List<OpenFile> open, OpenDirectory root, Map<FileName, OpenDirectory> directories, String storeId) {
        this.path = path;
        this.open = open;
        this.root = root;
        this.directories = directories;
        this.storeId = storeId;
    }

    static StoreFiles open(Path directory) throws IOException {
        Platform.requireSupported();
        boolean isNew = !Files.isDirectory(directory);
        Path path = made(directory);
        List<OpenFile> open = new ArrayList<>();
        boolean complete = false;
        try {
            OpenDirectory root = OpenDirectory.open(path);
            open.add(root);
            requireStoreOrEmpty(path, root);
            try {
                withoutDefaultList(root, isNew);
                lock(path, root, open);
            } catch (PosixException e) {
                throw new IOException("data: %s: cannot be written: %s%s".formatted(path, e.getMessage(), EXPECTED), e);
            }
            // The identity is written before the areas. A directory with areas but no identity is no store.
            String storeId = identity(path, root);
            Map<FileName, OpenDirectory> directories = new HashMap<>();
            for (StoreArea area : StoreArea.values()) {
                directories.put(area.directory(), openOrCreate(path, root, area.directory(), area.permissions(), open));
            }
            directories.put(OFFERED, openOrCreate(path, root, OFFERED, PRIVATE_DIRECTORY, open));
            StoreFiles files = new StoreFiles(path, open, root, directories, storeId);
            root.sync();
            complete = true;
            return files;
        } catch (PosixException e) {
            throw e.at("store " + path);
        } finally {
            if (!complete) {
                close(open);
            }
        }
    }

    private static Path made(Path directory) throws IOException {
        try {
            return Files.createDirectories(directory).toRealPath();
        } catch (FileAlreadyExistsException e) {
            throw new IOException("data: %s: is not a directory%s".formatted(directory, EXPECTED), e);
        } catch (IOException e) {
            throw new IOException("data: %s: cannot be made: %s%s".formatted(directory, reason(e), EXPECTED), e);
        }
    }

    private static String reason(IOException failure) {
        return switch (failure) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException _ -> "nothing can be made there";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            default -> String.valueOf(failure.getMessage());
        };
    }

    /**
     * Refuses a directory that is neither a store nor empty. If another process makes a store there meanwhile, its identity comes before its other
     * files.
     */
    private static void requireStoreOrEmpty(Path path, OpenDirectory root) throws IOException {
        Optional<FileName> other =
                root.list().stream().map(DirectoryEntry::name).filter(name -> !BEFORE_IDENTITY.contains(name)).findAny();
        Optional<String> identity = DurableFile.read(root, IDENTITY);
        if (identity.isPresent()) {
            storeId(path, identity.get());
        } else if (other.isPresent()) {
            throw new IOException(
                    "data: %s holds something else, such as %s, and no %s (expected: a directory that is new or empty, or a store)"
                            .formatted(path, ShownPath.of(other.get().toString()), IDENTITY));
        }
    }

    private static void lock(Path path, OpenDirectory root, List<OpenFile> open) throws IOException {
        OpenRegularFile lock = root.openOrCreateFile(LOCK, PRIVATE_FILE);
        open.add(lock);
        if (!lock.tryLock()) {
            String pid = DurableFile.read(lock).strip();
            throw new StoreInUseException(path, pid.isEmpty() ? "another process" : "process " + pid);
        }
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        lock.setLength(0);
        lock.write(pid, 0, pid.length, 0);
    }

    /** Removes the default access list of the root, so that files in the store inherit no rights from the volume. */
    private static void withoutDefaultList(OpenDirectory root, boolean isNew) throws PosixException {
        if (isNew) {
            AccessList.remove(root);
            root.setPermissions(root.status().permissions() & READABLE_DIRECTORY);
            return;
        }
        try {
            root.removeAttribute(AccessList.DEFAULT);
        } catch (PosixException e) {
            // EPERM means that the directory belongs to another user.
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }

    private static OpenDirectory openOrCreate(Path path, OpenDirectory root, FileName name, int permissions, List<OpenFile> open)
            throws IOException {
        boolean created = root.find(name).isEmpty();
        if (created) {
            root.createDirectory(name, permissions);
        } else if (root.status(name).kind() != EntryKind.DIRECTORY) {
            throw new IOException("store %s: %s is a %s (expected: a directory)".formatted(path, name, root.status(name).kind().words()));
        }
        OpenDirectory directory = root.openDirectory(name);
        open.add(directory);
        if (created) {
            AccessList.remove(directory);
            // Set explicitly, because the umask of the process limits the mode of a new directory.
            directory.setPermissions(permissions);
        }
        if (directory.status().identity().device() != root.status().identity().device()) {
            throw new IOException("store %s: %s lies on another file system (expected: all of a store on one)".formatted(path, name));
        }
        return directory;
    }

    private static String identity(Path path, OpenDirectory root) throws IOException {
        Optional<String> text = DurableFile.read(root, IDENTITY);
        if (text.isEmpty()) {
            String id = UUID.randomUUID().toString();
            DurableFile.write(root, IDENTITY, "layout=%s%nstoreId=%s%n".formatted(LAYOUT, id));
            return id;
        }
        return storeId(path, text.get());
    }

    private static String storeId(Path path, String text) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        String layout = properties.getProperty("layout", "");
        if (!layout.equals(LAYOUT)) {
            throw new IOException("store %s: %s has layout: '%s' (expected: %s)".formatted(path, IDENTITY, layout, LAYOUT));
        }
        String id = properties.getProperty("storeId", "");
        if (!isId(id)) {
            throw new IOException("store %s: %s has storeId: '%s' (expected: a lower-case UUID)".formatted(path, IDENTITY, id));
        }
        return id;
    }

    /**
     * @throws IllegalArgumentException when the id is not a lower-case UUID
     */
    static FileName name(String id) {
        if (!isId(id)) {
            throw new IllegalArgumentException("id: '%s' (expected: a lower-case UUID)".formatted(id));
        }
        return FileName.of(id);
    }

    static boolean isId(String id) {
        try {
            return id.length() == ID_LENGTH && UUID.fromString(id).toString().equals(id);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns the real path of the store. */
    Path path() {
        return path;
    }

    String storeId() {
        return storeId;
    }

    OpenDirectory root() {
        return root;
    }

    OpenDirectory area(StoreArea area) {
        return directory(area.directory());
    }

    /** Opens the directory with the notes of offered sources. */
    OpenDirectory offered() {
        return directory(OFFERED);
    }

    private OpenDirectory directory(FileName name) {
        OpenDirectory directory = directories.get(name);
        if (directory == null) {
            throw new IllegalStateException("store %s: %s is not open".formatted(path, name));
        }
        return directory;
    }

    /** Closes all areas, then releases the lock. Closing a second time does nothing. */
    @Override
    public void close() throws PosixException {
        close(open);
    }

    private static void close(List<OpenFile> open) throws PosixException {
        PosixException first = null;
        for (OpenFile file : open.reversed()) {
            try {
                file.close();
            } catch (PosixException e) {
                first = e;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
