package dev.spillway.service;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The file of a Unix domain socket. It appears under its path only with mode 0600, because the socket is bound in a folder that no other user can
 * enter, and then moved. A file that a killed process left behind is removed. A socket on which a process listens is kept.
 */
public final class SocketFile {
    private static final String BINDING_SUFFIX = ".new";
    private static final String BINDING_NAME = "s";
    /**
     * Upper bound on the bytes of the socket's path. It is the smallest bound of all systems (macOS, without the final zero byte), minus what the
     * folder for binding adds.
     */
    public static final int PATH_BYTES_MAX = 103 - (BINDING_SUFFIX + "/" + BINDING_NAME).length();

    private final Path path;
    private final Path folder;

    private SocketFile(Path path) {
        this.path = path;
        this.folder = path.resolveSibling(path.getFileName() + BINDING_SUFFIX);
    }

    /** Returns whether a socket can be bound under this path after it is made absolute. */
    public static boolean isShortEnough(Path path) {
        return bytes(path.toAbsolutePath()) <= PATH_BYTES_MAX;
    }

    private static int bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    /** @throws IOException if a process listens there, if the path is something else than a socket, or if it is too long */
    public static SocketFile prepare(Path path) throws IOException {
        if (!isShortEnough(path)) {
            throw new IOException("socket: %s (expected: a path of %d bytes or less, not %d)".formatted(path, PATH_BYTES_MAX, bytes(path)));
        }
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
                throw new FileAlreadyExistsException(
                        "socket: %s is a file (expected: nothing, or a socket that was left behind)".formatted(path));
            }
            if (isListenedOn(path)) {
                throw new FileAlreadyExistsException(
                        "socket: %s is in use by another process (expected: nobody listens there)".formatted(path));
            }
            Files.delete(path);
        }
        var file = new SocketFile(path);
        file.removeBinding();
        Files.createDirectory(file.folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return file;
    }

    private static boolean isListenedOn(Path path) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Returns the address to bind. */
    public Path binding() {
        return folder.resolve(BINDING_NAME);
    }

    /** Moves the bound socket to its path. */
    public void publish() throws IOException {
        Files.setPosixFilePermissions(binding(), PosixFilePermissions.fromString("rw-------"));
        Files.move(binding(), path, StandardCopyOption.ATOMIC_MOVE);
        removeBinding();
    }

    public void remove() throws IOException {
        Files.deleteIfExists(path);
        removeBinding();
    }

    private void removeBinding() throws IOException {
        Files.deleteIfExists(binding());
        Files.deleteIfExists(folder);
    }
}
