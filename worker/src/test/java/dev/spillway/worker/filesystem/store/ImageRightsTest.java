package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.OtherUser;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.archive.ArchiveLimits;
import dev.spillway.worker.filesystem.archive.ArchiveTrust;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Images have exactly the rights of their sources, or fewer; never more. */
class ImageRightsTest {
    private static final String NOBODY_ALL = "u:65534:rwx";
    private static final ArchiveLimits LIMITS = ArchiveLimits.ofBytes(1L << 30);

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path source;
    private Path volume;

    @BeforeEach
    void tree() throws Exception {
        temporary = temporary.toRealPath();
        Machine.assumeCommand("setfacl");
        source = Files.createDirectories(temporary.resolve("source"));
        Files.createDirectories(source.resolve("shared/below"));
        for (String file : List.of("secret", "shared/below/file")) {
            Files.setAttribute(Files.writeString(source.resolve(file), "x"), "unix:mode", 0640);
        }
        Files.setAttribute(source.resolve("shared"), "unix:mode", 02770);
        Files.setAttribute(source.resolve("shared/below"), "unix:mode", 0750);
        volume = Files.createDirectory(temporary.resolve("volume"));
        try {
            Machine.run("setfacl", "-d", "-m", NOBODY_ALL, volume.toString());
        } catch (IOException e) {
            assumeTrue(false, "skipped: no access lists here: " + e.getMessage());
        }
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private Path stored(ImageStore store, Path tree, StageMode mode) throws IOException, InterruptedException {
        String id = Machine.newId();
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(tree.toString())) {
            assertThat(store.stage(id, directory, mode, Long.MAX_VALUE)).isInstanceOf(StageOutcome.Staged.class);
        }
        store.publish(id);
        return store.imagePath(id);
    }

    private static Path extracted(ImageStore store, byte[] archive) throws IOException, InterruptedException {
        String id = Machine.newId();
        assertThat(store.stageArchive(id, new ByteArrayInputStream(archive), LIMITS, ArchiveTrust.CONTENT, false))
                .isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        return store.imagePath(id);
    }

    private byte[] tar(String... options) throws IOException, InterruptedException {
        Path archive = temporary.resolve("archive.tar");
        Machine.run("sh", "-c", "tar " + String.join(" ", options) + " -C " + source + " -cf " + archive + " .");
        return Files.readAllBytes(archive);
    }

    /** The access lists of a whole tree, those of files that have none made from their modes. */
    private static String rights(Path tree) throws IOException, InterruptedException {
        return Machine.run("sh", "-c", "cd '" + tree + "' && getfacl -R -n -p .");
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode") & 07777;
    }

    @Test
    void ofACopyAreThoseOfItsSourceWhateverTheVolumeGivesToNewFiles() throws Exception {
        try (ImageStore store = ImageStore.open(volume.resolve("store"))) {
            for (StageMode mode : List.of(StageMode.COPY, StageMode.REFLINK)) {
                assertThat(rights(stored(store, source, mode))).isEqualTo(rights(source)).doesNotContain("65534");
            }
        }
    }

    @Test
    void ofAnArchiveOfAnotherGroupAreNotThoseOfTheWorkersGroup() throws Exception {
        Machine.assumeRoot();
        Files.setAttribute(source.resolve("secret"), "unix:mode", 0664);
        Machine.run("chgrp", "-R", "4321", source.toString());
        byte[] archive = tar();
        try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
            Path image = extracted(store, archive);
            assertThat(mode(image.resolve("secret"))).isEqualTo(0644);
            assertThat(mode(image.resolve("shared"))).isEqualTo(0700);
        }
    }

    @Test
    void ofACopyWhoseOwnersAreNotKeptAreNoMoreThanOthersHad() throws Exception {
        Machine.assumeRoot();
        Path home = Files.createDirectory(temporary.resolve("home"));
        Path tree = Files.createDirectory(home.resolve("tree"));
        Files.setAttribute(Files.writeString(tree.resolve("program"), "x"), "unix:mode", 06775);
        Files.setAttribute(Files.writeString(tree.resolve("file"), "x"), "unix:mode", 0664);
        Machine.run("chmod", "a+x", temporary.toString());
        Machine.run("chown", "65534:65534", home.toString());
        OtherUser.run("foreign", home.toString());
        Path images = home.resolve("store/images");
        assertThat(Machine.run("find", images.toString(), "-type", "f", "-printf", "%f %m\\n").lines())
                .containsExactlyInAnyOrder("program 755", "file 644");
    }

    @Test
    void ofAnArchiveAreThoseThatItSaysWhateverTheVolumeGivesToNewFiles() throws Exception {
        byte[] archive = tar();
        try (ImageStore store = ImageStore.open(volume.resolve("store"))) {
            // setgid of an archive is not believed
            Files.setAttribute(source.resolve("shared"), "unix:mode", 0770);
            assertThat(rights(extracted(store, archive))).isEqualTo(rights(source));
        }
    }

    @Test
    void areThoseOfTheSourceInAStoreWhoseDirectoriesGotAnAccessListLater() throws Exception {
        Path root = temporary.resolve("store");
        try (ImageStore store = ImageStore.open(root)) {
            Machine.run("setfacl", "-R", "-m", NOBODY_ALL + ",d:" + NOBODY_ALL, root.toString());
            assertThat(rights(stored(store, source, StageMode.COPY))).isEqualTo(rights(source));
        }
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(rights(stored(store, source, StageMode.COPY))).isEqualTo(rights(source));
        }
    }

    @Test
    void aNewStoreTakesNothingFromItsVolume() throws Exception {
        Path root = volume.resolve("a/store");
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(rights(store.path())).doesNotContain("65534");
        }
        assertThat(mode(root)).isEqualTo(0755);
        assertThat(mode(root.resolve("images"))).isEqualTo(0755);
        assertThat(mode(root.resolve("staging"))).isEqualTo(0700);
        Path given = Files.createDirectory(volume.resolve("given"));
        try (ImageStore store = ImageStore.open(given)) {
            // as its index and its socket will be
            Files.createDirectory(given.resolve("index"));
            assertThat(rights(store.path().resolve("index"))).doesNotContain("65534");
        }
    }

    @Test
    void ofAnArchiveAreNotThoseOfTheVolumesGroup() throws Exception {
        Machine.assumeRoot();
        byte[] archive = tar();
        Files.setAttribute(source.resolve("shared"), "unix:mode", 0770);
        Path root = temporary.resolve("store");
        try (ImageStore store = ImageStore.open(root)) {
            Machine.run("chgrp", "65534", root.resolve("staging").toString());
            Machine.run("chmod", "g+s", root.resolve("staging").toString());
            assertThat(rights(extracted(store, archive))).isEqualTo(rights(source));
        }
    }

    @Test
    void withoutTheAccessListNobodyGetsMoreThanItGave() throws Exception {
        Machine.run("setfacl", "-m", "g::---," + NOBODY_ALL, source.resolve("secret").toString());
        Path denied = source.resolve("shared/below/file");
        Files.setAttribute(denied, "unix:mode", 0644);
        Machine.run("setfacl", "-m", "g::r-x,u:65534:---,m::rwx", denied.toString());
        Path masked = Files.writeString(source.resolve("masked"), "x");
        Machine.run("setfacl", "-m", "u::rwx,g::rwx,o::r-x,g:4321:r--,m::r-x", masked.toString());
        Machine.onMount(
                temporary.resolve("ramfs"),
                List.of("mount", "-t", "ramfs", "ramfs", temporary.resolve("ramfs").toString()),
                () -> {
                    try (ImageStore store = ImageStore.open(temporary.resolve("ramfs/store"))) {
                        Path image = stored(store, source, StageMode.COPY);
                        assertThat(mode(image.resolve("secret"))).isEqualTo(0600);
                        assertThat(mode(image.resolve("shared/below/file"))).isEqualTo(0600);
                        assertThat(mode(image.resolve("masked"))).isEqualTo(0754);
                        assertThat(mode(image.resolve("shared"))).isEqualTo(02770);
                    }
                });
    }

    @Test
    void ofAnArchiveWhoseAccessListsAreNotKeptAreNoMoreThanTheseGave() throws Exception {
        Machine.run("setfacl", "-m", "g::---," + NOBODY_ALL, source.resolve("secret").toString());
        Machine.run("setfacl", "-m", "g::r-x,u:65534:---,m::rwx", source.resolve("shared/below").toString());
        Files.setAttribute(source.resolve("shared"), "unix:mode", 0770);
        try (ImageStore store = ImageStore.open(temporary.resolve("store"))) {
            ByteArrayOutputStream own = new ByteArrayOutputStream();
            store.writeArchive(stored(store, source, StageMode.COPY).getFileName().toString(), own);
            assertThat(rights(extracted(store, own.toByteArray()))).as("as attributes").isEqualTo(rights(source));
            Path image = extracted(store, tar("--format=posix", "--acls"));
            assertThat(mode(image.resolve("secret"))).isEqualTo(0600);
            assertThat(mode(image.resolve("shared/below"))).isEqualTo(0700);
            assertThat(mode(image.resolve("shared/below/file"))).isEqualTo(0640);
        }
    }
}
