package dev.spillway.embedded;

import com.sun.security.auth.module.UnixSystem;
import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of PostgreSQL, unpacked once into our own folder, so that the library finds them there and unpacks nothing. The folder is made under
 * another name and renamed when it is complete. The library itself would accept a partial file, as a crash or a full disk leaves it.
 */
final class PostgresBinaries implements PgBinaryResolver {
    /** The user {@code nobody}. PostgreSQL runs as this user if this process is root and the library's {@code unshare -U} is forbidden. */
    static final int NOBODY = 65534;

    private final Path folder;
    private final boolean asNobody = currentUid() == 0 && !LinuxUtils.isUnshareAvailable();

    /** @param folder null for the default: as root the machine's cache directory, which unprivileged users can reach, too; otherwise the user's */
    PostgresBinaries(@Nullable Path folder) {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path cache = currentUid() == 0 ? Path.of("/var/cache")
                : configured == null || configured.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(configured);
        this.folder = (folder != null ? folder : cache.resolve("spillway")).toAbsolutePath();
    }

    static long currentUid() {
        return new UnixSystem().getUid();
    }

    /** Returns the user that owns the server's files. */
    int owner() {
        return asNobody ? NOBODY : (int) currentUid();
    }

    /** Returns the folder for the library, as an object that ignores the library's attempt to make it writable for every user. */
    @SuppressWarnings("serial") // never serialized
    File workingDirectory() {
        return new File((asNobody ? folder.resolve("as-nobody") : folder).toString()) {
            @Override
            public boolean setWritable(boolean writable, boolean ownerOnly) {
                return false;
            }
        };
    }

    /** Called by the library at each start, by one thread at a time. */
    @Override
    public InputStream getPgBinary(String system, String machineHardware) throws IOException {
        byte[] archive;
        try (InputStream stream = DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machineHardware)) {
            archive = stream.readAllBytes();
        }
        Path home = folder.resolve("PG-" + DigestUtils.md5Hex(archive));
        try {
            Files.createDirectories(folder);
            try (FileChannel lock = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                lock.lock();
                if (!Files.exists(home)) {
                    Path unfinished = folder.resolve("unfinished");
                    FileUtils.deleteDirectory(unfinished.toFile());
                    unpack(archive, unfinished);
                    markComplete(unfinished);
                    Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
                }
                if (asNobody) {
                    stepDown(home, workingDirectory().toPath().resolve(home.getFileName()));
                }
            }
        } catch (IOException e) {
            throw new EmbeddedServerException(
                    "unpacking PostgreSQL into " + home + " (expected: a directory that this user can write): " + e,
                    e);
        }
        return new ByteArrayInputStream(archive);
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(new ByteArrayInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = entry.resolveIn(target);
                Files.createDirectories(entry.isDirectory() ? path : path.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else if (entry.isFile()) {
                    Files.copy(tar, path);
                    Files.setPosixFilePermissions(
                            path,
                            PosixFilePermissions.fromString((entry.getMode() & 0100) != 0 ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
    }

    /** Writes the file by which the library recognises a complete folder, if it is newer than all others. */
    private static void markComplete(Path home) throws IOException {
        Files.deleteIfExists(home.resolve(".exists"));
        Files.createFile(home.resolve(".exists"));
    }

    /** Puts scripts in front of the programs that the library starts as root. They change the user, because PostgreSQL refuses to run as root. */
    private static void stepDown(Path programs, Path home) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        for (String program : List.of("initdb", "pg_ctl")) {
            Path script = home.resolve("bin").resolve(program);
            Files.writeString(
                    script,
                    "#!/bin/sh\nexec setpriv --reuid=" + NOBODY + " --regid=" + NOBODY + " --clear-groups '"
                            + programs.resolve("bin").resolve(program).toString().replace("'", "'\\''") + "' \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        markComplete(home);
    }
}
