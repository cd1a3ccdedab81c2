package dev.spillway.embedded;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running PostgreSQL 18 with a database {@code spillway}, reachable on 127.0.0.1 with its user's password and by no
 * other way. It is durable like a production server: {@code fsync}, {@code synchronous_commit} and {@code
 * full_page_writes} are on.
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
    private static final String DATABASE = "spillway";
    private static final int FREE_PORT_ATTEMPTS = 10;

    private final ServerDirectory directory;
    private final Postmaster postmaster;
    private final int port;
    private final String password;
    private final Duration stopTimeout;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Object closing = new Object();
    private volatile boolean closeWanted;
    private boolean closed;

    private PostgresServer(ServerDirectory directory, Postmaster postmaster, int port, String password, Duration stopTimeout) {
        this.directory = directory;
        this.postmaster = postmaster;
        this.port = port;
        this.password = password;
        this.stopTimeout = stopTimeout;
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
        PostgresBinaries binaries = PostgresBinaries.unpacked(settings.binaries());
        ServerDirectory directory = ServerDirectory.open(NAME, settings.directory(),
                left -> PostgresProcesses.stop(PostgresData.in(left), settings.stopTimeout()));
        return start(settings, binaries, directory, null);
    }

    /**
     * Closes the directory if the start fails.
     *
     * @param chosen as whom the server runs; null to have it chosen
     */
    static PostgresServer start(PostgresSettings settings, PostgresBinaries binaries, ServerDirectory directory, @Nullable RunAs chosen) {
        Postmaster postmaster = null;
        boolean started = false;
        try {
            RunAs runAs = chosen != null ? chosen : RunAs.forData(PostgresData.in(directory.path()));
            PostgresData data = new PostgresData(directory.path(), runAs);
            PostgresProcesses.stop(data.path(), settings.stopTimeout());
            data.prepare(binaries, directory.temporary());
            for (int attempt = 1; postmaster == null; attempt++) {
                int port = LoopbackPort.free(NAME, settings.port());
                Postmaster spawned = Postmaster.spawn(binaries, data.path(), runAs, port, settings);
                postmaster = spawned;
                if (spawned.awaitReady(settings.startTimeout())) {
                    PostgresServer server = new PostgresServer(directory, spawned, port, data.password(), settings.stopTimeout());
                    server.createDatabase();
                    server.watch();
                    started = true;
                    LOG.info("PostgreSQL {} serves {} on 127.0.0.1:{}", spawned.pid(), data.path(), port);
                    return server;
                }
                String lastWords = spawned.lastWords();
                if (!lastWords.contains("Address already in use") || attempt == FREE_PORT_ATTEMPTS) {
                    throw new EmbeddedServerException("PostgreSQL ended instead of serving " + data.path() + ": " + lastWords);
                }
                if (settings.port() != 0) {
                    throw new PortInUseException(NAME, port, null);
                }
                postmaster = null;
            }
            throw new AssertionError("the loop returns or throws");
        } finally {
            if (!started) {
                try {
                    if (postmaster != null) {
                        postmaster.stop(settings.stopTimeout());
                    }
                } finally {
                    directory.close();
                }
            }
        }
    }

    /** The address of the database {@code spillway}, without user and password. */
    public String jdbcUrl() {
        return jdbcUrl(DATABASE);
    }

    /** The address of a database of this server, without user and password. The user may create more. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** The server's superuser, the owner of the database. */
    public String user() {
        return PostgresData.USER;
    }

    /** The user's password: random, made with the data, kept beside them in a file that only the owner can read. */
    public String password() {
        return password;
    }

    public int port() {
        return port;
    }

    /** Where everything of this server lies. */
    public Path directory() {
        return directory.path();
    }

    long pid() {
        return postmaster.pid();
    }

    /**
     * Completes when the server has ended: normally after {@link #close()}, with an {@link EmbeddedServerException}
     * that has its last words if it ended by itself.
     */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /**
     * Stops the server and gives up its directory, a temporary one with all its data. Takes at most three times the
     * settings' stop timeout; on return the process is gone and the port free. Later calls do nothing; those at the
     * same time wait. An interrupt does not cut it short.
     */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closeWanted = true;
            closed = true;
            postmaster.stop(stopTimeout);
            directory.close();
        }
        ended.complete(null);
    }

    private void watch() {
        var _ = postmaster.onExit().whenComplete((process, failure) -> {
            if (!closeWanted) {
                ended.completeExceptionally(new EmbeddedServerException(
                        "PostgreSQL ended by itself with " + process.exitValue() + ": " + postmaster.lastWords(), failure));
            }
        });
    }

    private void createDatabase() {
        try (Connection connection = DriverManager.getConnection(jdbcUrl("postgres"), user(), password);
                Statement statement = connection.createStatement()) {
            try (ResultSet found = statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'")) {
                if (found.next()) {
                    return;
                }
            }
            statement.execute("CREATE DATABASE " + DATABASE);
        } catch (SQLException e) {
            throw new EmbeddedServerException("creating the database " + DATABASE + " at " + jdbcUrl("postgres") + ": " + e.getMessage(),
                    e);
        }
    }
}
