package dev.spillway.embedded;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class PostgresServerTest {
    @Test
    void isDurableAndLocalAndTakesParameters() throws Exception {
        PostgresSettings settings = PostgresSettings.temporary()
                .withMaxConnections(37)
                .withParameter("shared_buffers", "48MB")
                .withParameter("max_wal_size", "96MB");
        try (PostgresServer server = PostgresServer.start(settings)) {
            assertThat(Clients.ask(server, "SHOW fsync")).isEqualTo("on");
            assertThat(Clients.ask(server, "SHOW synchronous_commit")).isEqualTo("on");
            assertThat(Clients.ask(server, "SHOW full_page_writes")).isEqualTo("on");
            assertThat(Clients.ask(server, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(Clients.ask(server, "SHOW unix_socket_directories")).isEmpty();
            assertThat(Clients.ask(server, "SHOW max_connections")).isEqualTo("37");
            assertThat(Clients.ask(server, "SHOW shared_buffers")).isEqualTo("48MB");
            assertThat(Clients.ask(server, "SHOW max_wal_size")).isEqualTo("96MB");
            assertThat(Clients.ask(server, "SHOW server_encoding")).isEqualTo("UTF8");
            assertThat(Clients.ask(server, "SHOW server_version")).startsWith("18.");
            assertThat(Clients.ask(server, "SELECT current_database()")).isEqualTo("spillway");

            assertThatExceptionOfType(ConnectException.class).as("another address of this machine")
                    .isThrownBy(() -> new Socket(InetAddress.ofLiteral("127.0.0.2"), server.port()).close());
            assertThatExceptionOfType(SQLException.class).as("another password")
                    .isThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), server.user(), "guessed").close())
                    .withMessageContaining("password authentication failed");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.directory().resolve("password"))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void keepsDataPasswordAndDatabaseOverRestarts(@TempDir Path directory) throws Exception {
        String password;
        try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory))) {
            password = server.password();
            Clients.execute(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");
        }
        try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory))) {
            assertThat(server.password()).isEqualTo(password);
            assertThat(Clients.ask(server, "SELECT sum(n) FROM kept")).isEqualTo("500500");
        }
    }

    @Test
    void leavesNothingBehindAndStartsAgainOnTheSamePortAtOnce() throws Exception {
        PostgresServer server = PostgresServer.start(PostgresSettings.temporary());
        Path directory = server.directory();
        int port = server.port();
        long pid = server.pid();
        assertThat(PostgresProcesses.serving(PostgresData.in(directory))).extracting(ProcessHandle::pid).contains(pid);
        // A client that is still connected neither delays the end nor keeps the port.
        try (var connection = Clients.connect(server)) {
            server.close();
            assertThat(connection.isValid(5)).isFalse();
        }
        server.close();

        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThat(PostgresProcesses.serving(PostgresData.in(directory))).isEmpty();
        assertThat(directory).doesNotExist();
        assertThat(server.ended().toCompletableFuture()).isCompleted();
        try (PostgresServer again = PostgresServer.start(PostgresSettings.temporary().withPort(port))) {
            assertThat(again.port()).isEqualTo(port);
        }
    }

    @Test
    void namesTheBusyPortAndLeavesTheDirectoryFree(@TempDir Path directory) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            int port = taken.getLocalPort();
            assertThatExceptionOfType(PortInUseException.class)
                    .isThrownBy(() -> PostgresServer.start(PostgresSettings.keptIn(directory).withPort(port)))
                    .withMessageContaining("PostgreSQL port: " + port)
                    .satisfies(failure -> assertThat(failure.port()).isEqualTo(port));
        }
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
    }

    @Test
    void refusesASecondServerOnItsDirectory(@TempDir Path directory) throws Exception {
        try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory))) {
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatExceptionOfType(DirectoryInUseException.class)
                        .isThrownBy(() -> PostgresServer.start(PostgresSettings.keptIn(directory)))
                        .withMessageContaining(directory.toRealPath().toString());
            }
            assertThat(Clients.ask(server, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void doesNotTakeAStrangersProcessForItsOwn(@TempDir Path directory) throws Exception {
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
        Process stranger = new ProcessBuilder("sleep", "60").directory(PostgresData.in(directory).toFile()).start();
        try {
            Path pidFile = PostgresData.in(directory).resolve("postmaster.pid");
            Files.writeString(pidFile, stranger.pid() + "\n" + PostgresData.in(directory) + "\n1000000000\n5432\n\n127.0.0.1\n");
            RunAs.forData(PostgresData.in(directory)).own(pidFile);
            try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory))) {
                assertThat(Clients.ask(server, "SELECT 1")).isEqualTo("1");
            }
            assertThat(stranger.isAlive()).isTrue();
        } finally {
            stranger.destroyForcibly();
        }
    }

    @Test
    void refusesDataOfAnotherMajorVersion(@TempDir Path directory) throws Exception {
        Path version = Files.createDirectories(PostgresData.in(directory)).resolve("PG_VERSION");
        Files.writeString(version, "17\n");
        assertThatExceptionOfType(EmbeddedServerException.class).isThrownBy(() -> PostgresServer.start(PostgresSettings.keptIn(directory)))
                .withMessageContaining("version 17 (expected: 18)");
        assertThat(version).hasContent("17");
    }

    @Test
    void tellsWhenItEndsByItself() throws Exception {
        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary())) {
            assertThat(server.ended().toCompletableFuture()).isNotDone();
            PostgresProcesses.signal(ProcessHandle.of(server.pid()).orElseThrow(), "QUIT");
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> server.ended().toCompletableFuture().get())
                    .withCauseInstanceOf(EmbeddedServerException.class)
                    .withMessageContaining("received immediate shutdown request");
        }
    }

    @Test
    void repeatsWhatTheServerSaidWhenItDoesNotStart() {
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> PostgresServer.start(PostgresSettings.temporary().withParameter("shared_buffers", "many")))
                .withMessageContaining("invalid value for parameter \"shared_buffers\": \"many\"");
    }

    @Test
    void runsInASessionOfItsOwnSoThatCtrlCReachesItsOwnerAlone() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/stat")), "needs /proc");
        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary())) {
            String stat = Files.readString(Path.of("/proc/" + server.pid() + "/stat"));
            List<String> afterName = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
            assertThat(afterName.get(2)).as("process group").isEqualTo(Long.toString(server.pid()));
            assertThat(afterName.get(3)).as("session").isEqualTo(Long.toString(server.pid()));
        }
    }

    @Test
    void servesAsAnUnprivilegedUserWhereNamespacesAreForbidden() throws Exception {
        assumeTrue(RunAs.currentUid() == 0, "needs root");
        RunAs nobody = new RunAs.OtherUser(RunAs.NOBODY, RunAs.NOBODY);
        PostgresSettings settings = PostgresSettings.temporary();
        PostgresBinaries binaries = PostgresBinaries.unpacked(null);
        try (PostgresServer server =
                PostgresServer.start(settings, binaries, ServerDirectory.open("PostgreSQL", null, left -> {}), nobody)) {
            assertThat(RunAs.uidOf(PostgresData.in(server.directory()))).isEqualTo(RunAs.NOBODY);
            assertThat(RunAs.uidOf(Path.of("/proc/" + server.pid()))).isEqualTo(RunAs.NOBODY);
            assertThat(Clients.ask(server, "SELECT 1")).isEqualTo("1");
            assertThat(RunAs.forData(PostgresData.in(server.directory()))).as("data stay with their owner").isEqualTo(nobody);
        }
    }

    @Test
    void namesTheDirectoryThatAnUnprivilegedServerCannotEnter(@TempDir Path parent) throws IOException {
        assumeTrue(RunAs.currentUid() == 0, "needs root");
        Path closed = Files.createDirectory(parent.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        PostgresSettings settings = PostgresSettings.keptIn(closed.resolve("inner"));
        PostgresBinaries binaries = PostgresBinaries.unpacked(null);
        ServerDirectory directory = ServerDirectory.open("PostgreSQL", settings.directory(), left -> {});
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> PostgresServer.start(settings, binaries, directory, new RunAs.OtherUser(RunAs.NOBODY, RunAs.NOBODY)))
                .withMessageContaining("directory: ")
                .withMessageContaining("cannot be entered by user 65534");
    }

    @Test
    void refusesSettingsThatWouldMakeItLessThanItSays() {
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withParameter("fsync", "off"))
                .withMessage("parameter fsync: off (expected: not set, it is always 'on' here)");
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withParameter("port", "5432"))
                .withMessageContaining("parameter port: 5432");
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withPort(70000))
                .withMessage("port: 70000 (expected: 0 to 65535)");
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withMaxConnections(3))
                .withMessage("maxConnections: 3 (expected: 10 or more)");
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withParameter("a b", "c"))
                .withMessageContaining("parameter: a b");
    }
}
