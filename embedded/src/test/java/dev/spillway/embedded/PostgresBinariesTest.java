package dev.spillway.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class PostgresBinariesTest {
    /** Unpacks into the directory given and prints where. */
    static final class Unpacker {
        private Unpacker() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println("home " + home(Path.of(arguments[0])));
        }
    }

    /** Has them unpacked as the library does at a start. */
    private static Path home(Path cache) throws IOException {
        new PostgresBinaries(cache).getPgBinary("Linux", System.getProperty("os.arch")).close();
        try (Stream<Path> entries = Files.list(cache)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith("PG-")).findFirst().orElseThrow();
        }
    }

    @Tag("full")
    @Test
    void areUnpackedOnceByProcessesThatStartTogetherAndAgainWhereThatWasCutOff(@TempDir Path cache) throws Exception {
        try (ChildJvm other = ChildJvm.run(Unpacker.class, cache)) {
            Path ours = home(cache);
            assertThat(other.awaitExit()).isZero();
            assertThat(other.said("home")).containsExactly(ours.toString());
        }
        try (Stream<Path> entries = Files.list(cache)) {
            assertThat(entries.map(entry -> entry.getFileName().toString().replaceAll("-.*", ""))).containsExactlyInAnyOrder("lock", "PG");
        }
        Path ours = home(cache);
        Object unpacked = Files.readAttributes(ours, BasicFileAttributes.class).fileKey();
        assertThat(Files.readAttributes(home(cache), BasicFileAttributes.class).fileKey()).isEqualTo(unpacked);

        Path taken = ours.resolve("share/postgresql/postgres.bki");
        byte[] before = Files.readAllBytes(taken);
        Files.write(taken, new byte[0]);
        Files.move(ours, cache.resolve("unfinished"));
        home(cache);
        assertThat(taken).hasBinaryContent(before);
        FileTime unpackedAt = Files.getLastModifiedTime(ours);
        assertThat(cache.resolve("unfinished")).doesNotExist();

        try (PostgresServer server = PostgresServer.start(PostgresSettings.temporary().withBinaries(cache))) {
            assertThat(ProcessHandle.of(server.pid()).orElseThrow().info().command().orElseThrow()).startsWith(ours.toString());
            assertThat(Files.readAttributes(ours, BasicFileAttributes.class).lastModifiedTime()).as("the library unpacks nothing")
                    .isEqualTo(unpackedAt);
            assertThat(Files.getPosixFilePermissions(cache)).as("the library opens its folder to everyone")
                    .doesNotContain(PosixFilePermission.OTHERS_WRITE);
        }
    }

    @Test
    void sayClearlyThatNothingCanRunFromWhereTheyAre(@TempDir Path mountPoint) throws Exception {
        assumeTrue(PostgresBinaries.currentUid() == 0, "needs root to mount");
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "noexec,size=96m", "tmpfs", mountPoint.toString()) == 0,
                "mounting is not permitted here");
        try {
            assertThatExceptionOfType(EmbeddedServerException.class)
                    .isThrownBy(() -> PostgresServer.start(PostgresSettings.temporary().withBinaries(mountPoint)))
                    .withMessageContaining(mountPoint.toString())
                    .withMessageContaining("Permission denied");
        } finally {
            assertThat(run("umount", mountPoint.toString())).isZero();
        }
    }

    @Test
    void sayWhereTheyCouldNotBeUnpacked(@TempDir Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatExceptionOfType(EmbeddedServerException.class).isThrownBy(() -> home(file))
                .withMessageContaining(file.toString())
                .withMessageContaining("expected: a directory that this user can write");
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
