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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class PostgresServerTest {
    @Test
    void isDurableAndLocalAndTakesParameters() throws Exception {
        PostgresSettings settings = PostgresSettings.temporary()
                .withParameter("max_connections", "37")
                .withParameter("shared_buffers", "48MB")
                .withParameter("cluster_name", "it's $(here) \"now\"")
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
            assertThat(Clients.ask(server, "SHOW cluster_name")).isEqualTo("it's $(here) \"now\"");
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

    @Tag("full")
    @Test
    void leavesNothingBehindAndStartsAgainOnTheSamePortAtOnce() throws Exception {
        PostgresServer server = PostgresServer.start(PostgresSettings.temporary());
        Path directory = server.directory();
        int port = server.port();
        long pid = server.pid();
        assertThat(Postmaster.of(PostgresServer.data(directory)).map(Postmaster::process)).contains(ProcessHandle.of(pid).orElseThrow());
        // A client that is still connected neither delays the end nor keeps the port.
        try (var connection = Clients.connect(server)) {
            server.close();
            assertThat(connection.isValid(5)).isFalse();
        }
        server.close();

        assertThat(ProcessHandle.of(pid).flatMap(process -> process.info().command())).isEmpty();
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

    @Tag("full")
    @Test
    void doesNotTakeAStrangersProcessForItsOwn(@TempDir Path directory) throws Exception {
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
        Process stranger = new ProcessBuilder("sleep", "60").directory(PostgresServer.data(directory).toFile()).start();
        try {
            Path data = PostgresServer.data(directory);
            Files.writeString(data.resolve("postmaster.pid"), stranger.pid() + "\n" + data + "\n1000000000\n5432\n\n127.0.0.1\n");
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
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
        Path version = PostgresServer.data(directory).resolve("PG_VERSION");
        Files.writeString(version, "17\n");
        assertThatExceptionOfType(EmbeddedServerException.class).isThrownBy(() -> PostgresServer.start(PostgresSettings.keptIn(directory)))
                .withMessageContaining("initialized by PostgreSQL version 17");
        assertThat(version).hasContent("17");
    }

    @Test
    void tellsWhenItEndsByItself() throws Exception {
        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary())) {
            assertThat(server.ended().toCompletableFuture()).isNotDone();
            Postmaster.of(PostgresServer.data(server.directory())).orElseThrow().signal("QUIT");
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> server.ended().toCompletableFuture().get())
                    .withCauseInstanceOf(EmbeddedServerException.class)
                    .withMessageContaining("received immediate shutdown request");
        }
    }

    @Test
    @Timeout(value = 50, unit = TimeUnit.SECONDS)
    void repeatsWhatTheServerSaidAsSoonAsItHasEndedInsteadOfServing() {
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

    /** Serves the directory given, and prints what it is asked at the end. */
    static final class ServerProcess {
        private ServerProcess() {}

        public static void main(String[] arguments) throws Exception {
            Path directory = Path.of(arguments[0]);
            try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory).withBinaries(Path.of(arguments[1])))) {
                System.out.println("owners " + owner(PostgresServer.data(directory)) + " " + owner(Path.of("/proc/" + server.pid())));
                System.out.println("answer " + Clients.ask(server, "SELECT 1"));
            } catch (EmbeddedServerException e) {
                System.out.println("failure " + e.toString().replace('\n', ' '));
            }
        }

        private static Object owner(Path path) throws IOException {
            return Files.getAttribute(path, "unix:uid");
        }
    }

    /** Simulates most containers: the user is root, but {@code unshare --user} is forbidden. */
    private static final List<String> WITHOUT_NAMESPACES = List.of("sh", "-c", """
            unshare --user sh -c 'until grep -q . /proc/self/uid_map && grep -q . /proc/self/gid_map; do sleep 0.02; done
            exec sh -c "echo 0 >/proc/sys/user/max_user_namespaces && exec \\"\\$0\\" \\"\\$@\\"" "$0" "$@"' "$0" "$@" &
            for map in uid_map gid_map; do until echo 0 0 65536 >/proc/$!/$map; do sleep 0.02; done; done 2>/dev/null
            wait $!
            """);

    @Tag("full")
    @Test
    void servesAsAnUnprivilegedUserWhereNamespacesAreForbidden(@TempDir Path parent) throws Exception {
        assumeTrue(PostgresBinaries.currentUid() == 0, "needs root");
        Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwx--x--x"));
        Path directory = parent.resolve("server");
        // Made where namespaces are allowed, so it belongs to root.
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
        for (int start = 0; start < 2; start++) {
            try (ChildJvm child = ChildJvm.run(WITHOUT_NAMESPACES, ServerProcess.class, directory, parent.resolve("binaries"))) {
                assertThat(child.awaitExit()).as(child.toString()).isZero();
                assertThat(child.said("owners")).as(child.toString()).containsExactly("65534 65534");
                assertThat(child.said("answer")).containsExactly("1");
            }
        }
        try (PostgresServer server = PostgresServer.start(PostgresSettings.keptIn(directory))) {
            assertThat(Clients.ask(server, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void namesTheDirectoryThatAnUnprivilegedServerCannotEnter(@TempDir Path closed, @TempDir Path open) throws Exception {
        assumeTrue(PostgresBinaries.currentUid() == 0, "needs root");
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx--x--x"));
        Path directory = closed.resolve("server");
        try (ChildJvm child = ChildJvm.run(WITHOUT_NAMESPACES, ServerProcess.class, directory, open)) {
            assertThat(child.awaitExit()).as(child.toString()).isZero();
            assertThat(child.said("failure")).as(child.toString())
                    .singleElement()
                    .asString()
                    .contains(closed.toString(), "Permission denied");
        }
    }

    @Test
    void leavesTheDataOfAnotherUserAlone(@TempDir Path directory) throws Exception {
        assumeTrue(PostgresBinaries.currentUid() == 0, "needs root");
        PostgresServer.start(PostgresSettings.keptIn(directory)).close();
        Path version = PostgresServer.data(directory).resolve("PG_VERSION");
        Files.setAttribute(version, "unix:uid", 12345);
        assertThatExceptionOfType(EmbeddedServerException.class).isThrownBy(() -> PostgresServer.start(PostgresSettings.keptIn(directory)))
                .withMessageContaining(version + " belongs to user 12345");
        assertThat(Files.getAttribute(version, "unix:uid")).isEqualTo(12345);
    }

    @Tag("full")
    @Tag("full")
    @Test
    void endsAServerThatDoesNotStop() throws Exception {
        PostgresServer server = PostgresServer.start(PostgresSettings.temporary());
        Postmaster postmaster = Postmaster.of(PostgresServer.data(server.directory())).orElseThrow();
        postmaster.signal("STOP");
        server.close();
        assertThat(postmaster.isAlive()).isFalse();
        assertThat(server.directory()).doesNotExist();
    }

    @Test
    void refusesSettingsThatWouldMakeItLessThanItSays() {
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withParameter("fsync", "off"))
                .withMessage("parameter fsync: off (expected: not set, it is always on here)");
        assertThatIllegalArgumentException().isThrownBy(() -> PostgresSettings.temporary().withParameter("port", "5432"))
                .withMessageContaining("parameter port: 5432");
    }
}
