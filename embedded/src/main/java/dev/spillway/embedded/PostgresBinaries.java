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
 * The programs of PostgreSQL, unpacked once into a folder of ours, where the library finds them and unpacks nothing. A folder appears complete, by
 * renaming. The library itself takes whatever file is there for a whole one, after a crash and on a full disk too.
 */
final class PostgresBinaries implements PgBinaryResolver {
    /** The user {@code nobody}, as which PostgreSQL runs for root where the library's {@code unshare -U} is forbidden. */
    static final int NOBODY = 65534;

    private final Path folder;
    private final boolean asNobody = currentUid() == 0 && !LinuxUtils.isUnshareAvailable();

    /** @param folder null for the machine's cache directory if root, which an unprivileged user can reach too, else the user's */
    PostgresBinaries(@Nullable Path folder) {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path cache = currentUid() == 0 ? Path.of("/var/cache")
                : configured == null || configured.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(configured);
        this.folder = (folder != null ? folder : cache.resolve("spillway")).toAbsolutePath();
    }

    static long currentUid() {
        return new UnixSystem().getUid();
    }

    /** The user that the server's files belong to. */
    int owner() {
        return asNobody ? NOBODY : (int) currentUid();
    }

    /** The folder for the library, which would open it for writing to every user of the machine. */
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
                    "unpacking PostgreSQL into " + home + " (expected: a directory that this user can write): " + e, e);
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
                    Files.setPosixFilePermissions(path,
                            PosixFilePermissions.fromString((entry.getMode() & 0100) != 0 ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
    }

    /** The library's mark, which counts if it is the newest file. */
    private static void markComplete(Path home) throws IOException {
        Files.deleteIfExists(home.resolve(".exists"));
        Files.createFile(home.resolve(".exists"));
    }

    /** Programs in front of those that the library starts as root, which PostgreSQL refuses. */
    private static void stepDown(Path programs, Path home) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        for (String program : List.of("initdb", "pg_ctl")) {
            Path script = home.resolve("bin").resolve(program);
            Files.writeString(script, "#!/bin/sh\nexec setpriv --reuid=" + NOBODY + " --regid=" + NOBODY + " --clear-groups '"
                    + programs.resolve("bin").resolve(program).toString().replace("'", "'\\''") + "' \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        markComplete(home);
    }
}
