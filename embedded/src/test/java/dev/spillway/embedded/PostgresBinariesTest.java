package dev.spillway.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class PostgresBinariesTest {
    /** Unpacks into the directory given and prints where. */
    static final class Unpacker {
        private Unpacker() {}

        public static void main(String[] arguments) {
            System.out.println("home " + PostgresBinaries.unpacked(Path.of(arguments[0])).home());
        }
    }

    @Test
    void areUnpackedOnceByProcessesThatStartTogetherAndAgainAfterACleanerTookAFile(@TempDir Path cache) throws Exception {
        try (ChildJvm other = ChildJvm.run(Unpacker.class, cache)) {
            PostgresBinaries ours = PostgresBinaries.unpacked(cache);
            assertThat(other.awaitExit()).isZero();
            assertThat(other.said("home")).containsExactly(ours.home().toString());
        }
        try (Stream<Path> entries = Files.list(cache)) {
            assertThat(entries.map(entry -> entry.getFileName().toString().replaceAll("-.*", ""))).containsExactlyInAnyOrder("lock",
                    "postgresql");
        }
        PostgresBinaries ours = PostgresBinaries.unpacked(cache);
        Object unpacked = Files.readAttributes(ours.home(), BasicFileAttributes.class).fileKey();
        assertThat(Files.readAttributes(PostgresBinaries.unpacked(cache).home(), BasicFileAttributes.class).fileKey()).isEqualTo(unpacked);

        Path taken = ours.home().resolve("share/postgresql/postgres.bki");
        byte[] before = Files.readAllBytes(taken);
        Files.write(taken, new byte[0]);
        Files.createDirectory(cache.resolve("unfinished"));
        PostgresBinaries.unpacked(cache);
        assertThat(taken).hasBinaryContent(before);
        assertThat(cache.resolve("unfinished")).doesNotExist();
    }

    @Test
    void sayClearlyThatNothingCanRunFromWhereTheyAre(@TempDir Path mountPoint) throws Exception {
        assumeTrue(RunAs.currentUid() == 0, "needs root to mount");
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "noexec,size=96m", "tmpfs", mountPoint.toString()) == 0,
                "mounting is not permitted here");
        try {
            assertThatExceptionOfType(EmbeddedServerException.class)
                    .isThrownBy(() -> PostgresServer.start(PostgresSettings.temporary().withBinaries(mountPoint)))
                    .withMessageContaining(mountPoint.toString())
                    .withMessageContaining("not mounted noexec");
        } finally {
            assertThat(run("umount", mountPoint.toString())).isZero();
        }
    }

    @Test
    void sayWhereTheyCouldNotBeUnpacked(@TempDir Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatExceptionOfType(EmbeddedServerException.class).isThrownBy(() -> PostgresBinaries.unpacked(file))
                .withMessageContaining(file.toString())
                .withMessageContaining("expected: a directory that this user can write");
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
