package dev.spillway.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The data of one server below its directory: {@code data} as PostgreSQL made it, and {@code password}, which only
 * the owner can read.
 *
 * <p>{@code initdb} works beside {@code data} and its result is renamed, so that a crash in between leaves nothing
 * that looks like a database.
 */
final class PostgresData {
    static final String USER = "spillway";
    private static final String MAJOR_VERSION = "18";
    private static final long INITDB_SECONDS_MAX = 120;

    private final Path directory;
    private final RunAs runAs;

    PostgresData(Path directory, RunAs runAs) {
        this.directory = directory;
        this.runAs = runAs;
    }

    static Path in(Path directory) {
        return directory.resolve("data");
    }

    Path path() {
        return in(directory);
    }

    /** Makes the data where there are none. Those of another major version are refused and left alone. */
    void prepare(PostgresBinaries binaries, boolean temporary) {
        runAs.requireReachable(directory);
        runAs.requireReachable(binaries.home());
        try {
            if (Files.exists(path())) {
                String version = Files.readString(path().resolve("PG_VERSION")).strip();
                if (!version.equals(MAJOR_VERSION)) {
                    throw new EmbeddedServerException(
                            "PostgreSQL data in " + path() + ": version " + version + " (expected: " + MAJOR_VERSION + ")");
                }
            } else {
                initialize(binaries, temporary);
            }
        } catch (IOException e) {
            throw new EmbeddedServerException("preparing PostgreSQL data in " + directory + ": " + e, e);
        }
        runAs.own(path());
        runAs.own(passwordFile());
    }

    String password() {
        try {
            return Files.readString(passwordFile()).strip();
        } catch (IOException e) {
            throw new EmbeddedServerException(
                    "reading the PostgreSQL password of " + directory + " (expected: the file that was made with the data): " + e, e);
        }
    }

    private Path passwordFile() {
        return directory.resolve("password");
    }

    private void initialize(PostgresBinaries binaries, boolean temporary) throws IOException {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        Files.deleteIfExists(passwordFile());
        Files.createFile(passwordFile(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passwordFile(), Base64.getUrlEncoder().withoutPadding().encodeToString(random));
        runAs.own(passwordFile());

        Path unfinished = directory.resolve("data.unfinished");
        ServerDirectory.deleteTree(unfinished);
        Files.createDirectory(unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        runAs.own(unfinished);
        runInitdb(binaries, unfinished, temporary);
        // A password even on loopback: whoever else is logged in on this machine could otherwise run programs through
        // the database's superuser.
        Files.writeString(unfinished.resolve("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n");
        Files.move(unfinished, path(), StandardCopyOption.ATOMIC_MOVE);
    }

    private void runInitdb(PostgresBinaries binaries, Path target, boolean temporary) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(binaries.program("initdb"), "--pgdata", target.toString(), "--username", USER, "--pwfile",
                        passwordFile().toString(), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--locale-provider",
                        "builtin", "--builtin-locale", "C.UTF-8",
                        "--no-instructions"));
        if (temporary) {
            command.add("--no-sync");
        }
        Process initdb = new ProcessBuilder(runAs.command(command)).redirectErrorStream(true).directory(directory.toFile()).start();
        try {
            String said = new String(initdb.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!initdb.waitFor(INITDB_SECONDS_MAX, TimeUnit.SECONDS)) {
                throw new EmbeddedServerException("initdb of " + target + " did not end within " + INITDB_SECONDS_MAX + " s: " + said);
            }
            if (initdb.exitValue() != 0) {
                throw new EmbeddedServerException("initdb of " + target + " failed with " + initdb.exitValue() + ": " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted during initdb of " + target, e);
        } finally {
            initdb.destroyForcibly();
        }
    }
}
