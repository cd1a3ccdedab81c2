package dev.spillway.service;

import com.github.luben.zstd.util.Native;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the native code that compresses Kafka's messages and reads archives, once for this process. By default, the libraries unpack it into the
 * system's temporary folder at the first use. If that folder is full, read-only or mounted noexec, this fails permanently, and no message is sent or
 * read until the next start. This class loads the code at the start, from a folder that the service chooses, and removes the unpacked files at once.
 */
public final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String SNAPPY_FOLDER = "org.xerial.snappy.tempdir";
    private static boolean loaded;

    private NativeLibraries() {}

    /** Returns the default folders for unpacking: the user's cache folder, then the system's temporary folder. */
    public static List<Path> defaultFolders() {
        var configured = System.getenv("XDG_CACHE_HOME");
        var caches = configured == null || configured.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(configured);
        return List.of(caches.resolve("spillway"), Path.of(System.getProperty("java.io.tmpdir")));
    }

    /**
     * Loads the native code from the first usable folder, unless this process has loaded it already.
     *
     * @param folders folders in the order of preference; missing ones are created
     * @throws IOException with the reason for each folder why it cannot be used
     */
    public static synchronized void load(List<Path> folders) throws IOException {
        List<String> troubles = new ArrayList<>();
        for (var folder : folders) {
            if (loaded) {
                return;
            }
            try {
                loadFrom(folder);
                loaded = true;
            } catch (IOException e) {
                LOG.debug("{}", folder, e);
                troubles.add(folder + ": " + e.getMessage());
            }
        }
        if (!loaded) {
            throw new IOException(
                    "native libraries: " + String.join("; ", troubles)
                            + " (expected: a folder of a file system that may execute files, with 4 MB free)");
        }
    }

    /** @throws IOException if the folder cannot be created or written to. Whether it allows execution is only found out when it is used */
    public static void requireFolder(Path folder) throws IOException {
        Path there = folder.toAbsolutePath();
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        if (there == null || !Files.isDirectory(there) || !Files.isWritable(there)) {
            throw new IOException(
                    there == null || there.equals(folder.toAbsolutePath()) ? "it cannot be written"
                            : "it cannot be made in " + there);
        }
    }

    private static void loadFrom(Path folder) throws IOException {
        Path own;
        try {
            own = Files.createTempDirectory(Files.createDirectories(folder), "native-");
        } catch (FileSystemException e) {
            throw new IOException("cannot be written: " + (e.getReason() == null ? e.getClass().getSimpleName() : e.getReason()), e);
        }
        try {
            try {
                Native.load(own.toFile());
            } catch (LinkageError e) {
                throw new IOException("zstd cannot be loaded: " + reason(e), e);
            }
            loadSnappy(own);
        } finally {
            // Loaded code stays mapped after its file is deleted. A process that is killed before this line leaves a few files.
            remove(own);
        }
    }

    /** Snappy is needed only for messages of other producers. LZ4 also works without native code. */
    private static void loadSnappy(Path folder) {
        System.setProperty(SNAPPY_FOLDER, folder.toString());
        try {
            Class.forName("org.xerial.snappy.Snappy");
        } catch (ClassNotFoundException | LinkageError e) {
            LOG.warn("messages that somebody compressed with snappy cannot be read: {}", reason(e));
        }
    }

    private static String reason(Throwable failure) {
        var deepest = failure;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage()).lines().findFirst().orElse("").strip();
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
