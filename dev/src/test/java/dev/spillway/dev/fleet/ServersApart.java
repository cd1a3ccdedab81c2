package dev.spillway.dev.fleet;

import dev.spillway.embedded.KafkaBroker;
import dev.spillway.embedded.KafkaSettings;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/** PostgreSQL and a Kafka broker as processes of their own that can be killed, and started again on their data and ports. */
final class ServersApart implements AutoCloseable {
    private final Path scratch;
    private final int kafkaPort = Ports.free(1).getFirst();
    private PostgresServer postgres;
    private Process kafka;

    ServersApart(Path scratch) throws IOException {
        this.scratch = scratch;
        kafka = launchKafka();
        postgres = PostgresServer.start(PostgresSettings.keptIn(scratch.resolve("postgres")));
        awaitKafka();
    }

    FleetProcesses.Addresses addresses() {
        return new FleetProcesses.Addresses(postgres.jdbcUrl(), postgres.user(), postgres.password(), "127.0.0.1:" + kafkaPort);
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
        return new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-Xmx512m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp",
                RealTrees.classPath().map(Path::toString).collect(Collectors.joining(File.pathSeparator)), ServersApart.class.getName(),
                scratch.resolve("kafka").toString(), Integer.toString(kafkaPort))
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
                KafkaBroker.start(KafkaSettings.keptIn(Path.of(arguments[0])).withPort(Integer.parseInt(arguments[1])))) {
            System.out.println(broker.bootstrapServers());
            var _ = System.in.read();
        }
    }

    @Override
    public void close() {
        kafka.destroyForcibly();
        postgres.close();
    }
}
