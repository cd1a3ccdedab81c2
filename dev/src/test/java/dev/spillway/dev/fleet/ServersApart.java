package dev.spillway.dev.fleet;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** PostgreSQL and a Kafka broker as processes of their own that can be killed, and started again on their data and ports. */
final class ServersApart implements AutoCloseable {
    private final Path scratch;
    private final int kafkaPort = Ports.free(1).getFirst();
    private PostgresServer postgres;
    private @Nullable PostgresServer standby;
    private Process kafka;

    ServersApart(Path scratch) throws IOException {
        this.scratch = scratch;
        kafka = launchKafka();
        postgres = PostgresServer.start(PostgresSettings.keptIn(scratch.resolve("postgres")));
        awaitKafka();
    }

    /** Names both servers of PostgreSQL, if there are two: the coordinators take the one that writes. */
    FleetProcesses.Addresses addresses() {
        PostgresServer second = standby;
        String url = second == null ? postgres.jdbcUrl()
                : "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/spillway?targetServerType=primary".formatted(postgres.port(), second.port());
        return new FleetProcesses.Addresses(url, postgres.user(), postgres.password(), "127.0.0.1:" + kafkaPort);
    }

    /** Starts a second PostgreSQL on a backup of the first, which it follows. From now on each commit waits until the second has it. */
    void startStandby() throws IOException, SQLException, InterruptedException {
        Path directory = Files.createDirectory(scratch.resolve("standby"));
        Path data = directory.resolve("data");
        try (Connection connection = DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_create_physical_replication_slot('standby', true)");
            statement.execute("SELECT pg_backup_start('standby', true)");
            run(
                    "cp",
                    "-a",
                    postgres.directory().resolve("data").toString(),
                    postgres.directory().resolve("password").toString(),
                    directory.toString());
            try (ResultSet stopped = statement.executeQuery("SELECT labelfile FROM pg_backup_stop()")) {
                assertThat(stopped.next()).isTrue();
                Files.writeString(data.resolve("backup_label"), stopped.getString(1));
            }
            Files.delete(data.resolve("postmaster.pid"));
            Files.createFile(data.resolve("standby.signal"));
            Files.writeString(
                    data.resolve("postgresql.auto.conf"),
                    "primary_conninfo = 'host=127.0.0.1 port=%d user=%s password=%s'%nprimary_slot_name = 'standby'%n".formatted(
                            postgres.port(),
                            postgres.user(),
                            postgres.password()),
                    StandardOpenOption.APPEND);
            standby = PostgresServer.start(PostgresSettings.keptIn(directory));
            statement.execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
            statement.execute("SELECT pg_reload_conf()");
            Eventually.holds(Eventually.HANG, () -> {
                try (ResultSet following = statement.executeQuery("SELECT sync_state FROM pg_stat_replication")) {
                    assertThat(following.next()).isTrue();
                    assertThat(following.getString(1)).isEqualTo("sync");
                }
            });
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).as(String.join(" ", command)).isZero();
    }

    /** Returns when the second PostgreSQL takes writes. */
    void promoteStandby() throws SQLException {
        PostgresServer second = Objects.requireNonNull(standby, "started");
        try (Connection connection = DriverManager.getConnection(second.jdbcUrl(), second.user(), second.password());
                Statement statement = connection.createStatement();
                ResultSet promoted = statement.executeQuery("SELECT pg_promote(true, %d)".formatted(Eventually.HANG.toSeconds()))) {
            assertThat(promoted.next()).isTrue();
            assertThat(promoted.getBoolean(1)).as("promoted").isTrue();
        }
    }

    void killKafka() throws InterruptedException {
        kafka.destroyForcibly();
        assertThat(kafka.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    void startKafka() throws IOException {
        kafka = launchKafka();
        awaitKafka();
    }

    /** The postmaster first; its children see that and end. */
    void killPostgres() throws IOException {
        long pid = Long.parseLong(Files.readAllLines(postgres.directory().resolve("data").resolve("postmaster.pid")).getFirst().strip());
        ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
        postmaster.destroyForcibly();
        var _ = postmaster.onExit().orTimeout(Eventually.HANG.toSeconds(), TimeUnit.SECONDS).join();
        postgres.close();
    }

    void startPostgres() {
        postgres = PostgresServer.start(PostgresSettings.keptIn(scratch.resolve("postgres")).withPort(postgres.port()));
    }

    private Process launchKafka() throws IOException {
        return new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                RealTrees.classPath().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                ServersApart.class.getName(),
                scratch.resolve("kafka").toString(),
                Integer.toString(kafkaPort))
                .redirectError(ProcessBuilder.Redirect.appendTo(scratch.resolve("kafka.log").toFile()))
                .start();
    }

    private void awaitKafka() throws IOException {
        BufferedReader out = kafka.inputReader(StandardCharsets.UTF_8);
        Objects.requireNonNull(out.readLine(), () -> "the broker did not start: " + scratch.resolve("kafka.log"));
    }

    /** Runs a broker until its input ends, which it does when whoever started it is gone. */
    public static void main(String[] arguments) throws IOException {
        try (KafkaBroker broker =
                KafkaBroker.start(EmbeddedKafkaSettings.keptIn(Path.of(arguments[0])).withPort(Integer.parseInt(arguments[1])))) {
            System.out.println(broker.bootstrapServers());
            var _ = System.in.read();
        }
    }

    @Override
    public void close() {
        kafka.destroyForcibly();
        postgres.close();
        PostgresServer second = standby;
        if (second != null) {
            second.close();
        }
    }
}
