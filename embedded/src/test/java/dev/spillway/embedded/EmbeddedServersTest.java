package dev.spillway.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Tag("full")
class EmbeddedServersTest {
    @Test
    void recoverEverythingAcknowledgedAfterAKill(@TempDir Path directory) throws Exception {
        PostgresSettings postgres = PostgresSettings.keptIn(directory.resolve("postgres"));
        EmbeddedKafkaSettings kafka = EmbeddedKafkaSettings.keptIn(directory.resolve("kafka"));
        // As left by a process that was killed while it made the data.
        Files.createDirectories(directory.resolve("kafka/data.unfinished/base"));
        Files.createDirectories(directory.resolve("postgres/data/base"));
        Files.createFile(directory.resolve("postgres/data/postgresql.conf"));
        Files.createFile(directory.resolve("postgres/unfinished"));
        try (ChildJvm writer = ChildJvm.run(WriterProcess.class, directory)) {
            writer.awaitLines("record", 200);
            assertThatExceptionOfType(DirectoryInUseException.class).as("while the writer lives")
                    .isThrownBy(() -> PostgresServer.start(postgres));
            assertThatExceptionOfType(DirectoryInUseException.class).as("while the writer lives")
                    .isThrownBy(() -> KafkaBroker.start(kafka));
            writer.kill();
            long orphan = Long.parseLong(writer.said("postmaster").getFirst());
            assertThat(serving(directory.resolve("postgres"))).as("PostgreSQL outlives its owner").contains(orphan);

            try (EmbeddedServers servers = EmbeddedServers.start(postgres, kafka)) {
                assertThat(serving(directory.resolve("postgres"))).contains(servers.postgres().pid());
                assertGone(Long.toString(orphan));
                assertThat(Clients.column(servers.postgres(), "SELECT n FROM numbers")).containsAll(writer.said("row"));
                List<String> acknowledged = writer.said("record");
                List<String> received = Clients.receive(servers.kafka(), "readers", "numbers", acknowledged.size());
                assertThat(received).startsWith(acknowledged.toArray(String[]::new)).doesNotHaveDuplicates();
                assertThat(received).hasSizeLessThanOrEqualTo(acknowledged.size() + 1);
            }
        }
    }

    @Tag("full")
    @Test
    void removeWhatAKilledProcessLeftOfTemporaryOnes() throws Exception {
        try (ChildJvm writer = ChildJvm.run(WriterProcess.class)) {
            writer.awaitLines("record", 1);
            List<Path> left = writer.said("directory").stream().map(Path::of).toList();
            try (EmbeddedServers others = EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary())) {
                assertThat(left).as("of a process that lives").hasSize(2).allSatisfy(path -> assertThat(path).exists());
                assertThat(others.postgres().directory()).isNotIn(left);
            }
            writer.kill();
            EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary()).close();
            assertThat(left).allSatisfy(path -> assertThat(path).doesNotExist());
            assertGone(writer.said("postmaster").getFirst());
        }
    }

    @Tag("full")
    @Test
    void leaveNeitherRunningWhenOneCannotStart(@TempDir Path directory) throws Exception {
        PostgresSettings postgres = PostgresSettings.keptIn(directory.resolve("postgres"));
        EmbeddedKafkaSettings kafka = EmbeddedKafkaSettings.keptIn(directory.resolve("kafka"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThatExceptionOfType(PortInUseException.class)
                    .isThrownBy(() -> EmbeddedServers.start(postgres, kafka.withPort(taken.getLocalPort())))
                    .withMessageContaining("Kafka port: " + taken.getLocalPort());
            assertThat(serving(directory.resolve("postgres"))).isEmpty();
            assertThatExceptionOfType(PortInUseException.class)
                    .isThrownBy(() -> EmbeddedServers.start(postgres.withPort(taken.getLocalPort()), kafka))
                    .withMessageContaining("PostgreSQL port: " + taken.getLocalPort());
        }
        try (EmbeddedServers servers = EmbeddedServers.start(postgres, kafka)) {
            assertThat(Clients.ask(servers.postgres(), "SELECT 1")).isEqualTo("1");
            assertThat(Files.exists(servers.kafka().directory())).isTrue();
        }
    }

    @Test
    void serveUntilTheirOwnerStopsThemWhenTheProcessIsTerminated() throws Exception {
        try (ChildJvm owner = ChildJvm.run(OwnerProcess.class)) {
            owner.awaitLines("ready", 1);
            owner.terminate();
            assertThat(owner.awaitExit()).isEqualTo(128 + 15);
            assertThat(owner.said("hook")).containsExactly("PostgreSQL answers", "Kafka answers", "closed");
            assertGone(owner.said("postmaster").getFirst());
            assertThat(owner.said("directory")).hasSize(2).allSatisfy(path -> assertThat(Path.of(path)).doesNotExist());
        }
    }

    private static Optional<Long> serving(Path directory) throws IOException {
        return Postmaster.of(PostgresServer.data(directory.toRealPath())).map(postmaster -> postmaster.process().pid());
    }

    /** A process that ended but that nobody has waited for yet has no program any more. */
    private static void assertGone(String pid) {
        assertThat(ProcessHandle.of(Long.parseLong(pid)).flatMap(process -> process.info().command())).isEmpty();
    }
}
