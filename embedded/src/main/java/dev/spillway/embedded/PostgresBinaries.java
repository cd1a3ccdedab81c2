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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of PostgreSQL, unpacked once into a folder of ours, where the library finds them and unpacks nothing.
 *
 * <p>A folder appears complete, by renaming. The library's mark of a complete folder holds the list of its files with
 * their sizes here, and every start compares it. The library itself takes whatever file is there for a whole one,
 * after a crash too.
 */
final class PostgresBinaries implements PgBinaryResolver {
    /** The user {@code nobody}, as which PostgreSQL runs for root where the library's {@code unshare -U} is forbidden. */
    static final int NOBODY = 65534;

    private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
    private static final String COMPLETE = ".exists";

    private final Path folder;
    private final boolean asNobody;

    /**
     * @param folder where to unpack; null for the machine's cache directory if root, else the user's
     */
    PostgresBinaries(@Nullable Path folder) {
        this.folder = (folder != null ? folder : defaultFolder()).toAbsolutePath();
        this.asNobody = currentUid() == 0 && !LinuxUtils.isUnshareAvailable();
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
        String name = "PG-" + DigestUtils.md5Hex(archive);
        Path home = folder.resolve(name);
        try {
            Files.createDirectories(folder);
            try (FileChannel lock = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                lock.lock();
                if (!complete(home)) {
                    Path unfinished = folder.resolve("unfinished");
                    FileUtils.deleteDirectory(unfinished.toFile());
                    unpack(archive, unfinished);
                    FileUtils.deleteDirectory(home.toFile());
                    Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
                    LOG.info("PostgreSQL unpacked into {}", home);
                }
                if (asNobody) {
                    stepDown(home, workingDirectory().toPath().resolve(name));
                }
            }
        } catch (IOException e) {
            throw new EmbeddedServerException(
                    "unpacking PostgreSQL into " + home + " (expected: a directory that this user can write): " + e, e);
        }
        return new ByteArrayInputStream(archive);
    }

    /** Root's cache is one that an unprivileged user can reach too, because PostgreSQL may have to run as one. */
    private static Path defaultFolder() {
        if (currentUid() == 0) {
            return Path.of("/var/cache/spillway");
        }
        String configured = System.getenv("XDG_CACHE_HOME");
        return (configured == null || configured.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(configured))
                .resolve("spillway");
    }

    private static boolean complete(Path home) throws IOException {
        List<String> files = Files.exists(home.resolve(COMPLETE)) ? Files.readAllLines(home.resolve(COMPLETE)) : List.of();
        for (String line : files) {
            String[] sizeAndName = line.split(" ", 2);
            Path file = home.resolve(sizeAndName[1]);
            if (!Files.isRegularFile(file) || Files.size(file) != Long.parseLong(sizeAndName[0])) {
                LOG.warn("{} is damaged at {}: unpacking it again", home, file);
                return false;
            }
        }
        return !files.isEmpty();
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        StringBuilder files = new StringBuilder();
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
                    files.append(entry.getSize()).append(' ').append(target.relativize(path)).append('\n');
                }
            }
        }
        Files.writeString(target.resolve(COMPLETE), files);
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
        Files.deleteIfExists(home.resolve(COMPLETE));
        Files.createFile(home.resolve(COMPLETE));
    }
}
