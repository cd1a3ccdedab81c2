package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Linux answers "no space left" to an attribute that is too large for ext4, as it does when the disk is full. Only the latter passes by itself. */
class LargeAttributesTest {
    private static final String REFUSED =
            "its attribute 'user.large' has 5000 bytes, more than the store's file system takes with the other attributes of the file";

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path source;

    @BeforeEach
    void open() throws Exception {
        Machine.assumeCommand("setfattr");
        temporary = temporary.toRealPath();
        source = temporary.resolve("btrfs/source");
    }

    @AfterEach
    void remove() throws Exception {
        Machine.remove(temporary);
    }

    /** Runs on a source whose file system takes large attributes, and a store whose file system does not. */
    private void onTwoFileSystems(String on, Machine.Action action) throws Exception {
        Machine.onLoop(temporary.resolve("btrfs.img"), temporary.resolve("btrfs"), 256, List.of("mkfs.btrfs", "-q"), () -> {
            Files.createDirectories(source.resolve("d"));
            Files.writeString(source.resolve("d/f"), "content");
            Machine.run("setfattr", "-n", "user.large", "-v", "q".repeat(5000), source.resolve(on).toString());
            Machine.onLoop(temporary.resolve("ext4.img"), temporary.resolve("ext4"), 32, List.of("mkfs.ext4", "-q", "-F"), action);
        });
    }

    private byte[] archive() throws Exception {
        Path file = temporary.resolve("x.tar");
        Machine.run("tar", "--xattrs", "-C", source.toString(), "-cf", file.toString(), ".");
        byte[] archive = Files.readAllBytes(file);
        assertThat(new String(archive, StandardCharsets.ISO_8859_1)).contains("SCHILY.xattr.user.large");
        return archive;
    }

    private static StageOutcome unpack(ImageStore store, byte[] archive) throws Exception {
        return store.stageArchive(Machine.newId(), new ByteArrayInputStream(archive), ArchiveStore.LIMITS, ArchiveTrust.CONTENT, false);
    }

    private StageOutcome copy(ImageStore store) throws Exception {
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(source.toString())) {
            return store.stage(Machine.newId(), directory, StageMode.COPY, Long.MAX_VALUE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"d", "d/f"})
    void anAttributeThatTheFileSystemCannotHoldIsRefusedByName(String on) throws Exception {
        onTwoFileSystems(on, () -> {
            try (ImageStore store = ImageStore.open(temporary.resolve("ext4/store"))) {
                assertThat(unpack(store, archive())).isInstanceOfSatisfying(StageOutcome.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(RefusalReason.BAD_ATTRIBUTE);
                    assertThat(refused.path()).startsWith("./" + on);
                    assertThat(refused.detail()).isEqualTo(REFUSED);
                });
                assertThat(copy(store)).isEqualTo(new StageOutcome.Refused(RefusalReason.BAD_ATTRIBUTE, on, REFUSED));
                assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            }
        });
    }

    @Test
    void aDiskThatIsFullIsStillCalledFull() throws Exception {
        onTwoFileSystems("d/f", () -> {
            byte[] archive = archive();
            try (ImageStore store = ImageStore.open(temporary.resolve("ext4/store"))) {
                byte[] noise = new byte[1 << 16];
                new Random(3).nextBytes(noise);
                for (int number = 0; store.space().freeBytes() > 700_000; number++) {
                    Files.write(temporary.resolve("ext4/noise" + number), noise);
                }
                assertThatThrownBy(() -> unpack(store, archive)).isInstanceOf(StoreFullException.class);
                assertThatThrownBy(() -> copy(store)).isInstanceOf(StoreFullException.class);
                assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            }
        });
    }
}
