package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** A store that archives are unpacked into and written from, in a directory of its own with room for what tests make beside it. */
final class ArchiveStore {
    static final ArchiveLimits LIMITS = ArchiveLimits.ofBytes(1L << 30);

    private final Path folder;
    private final ImageStore store;

    ArchiveStore() throws IOException, InterruptedException {
        folder = Files.createTempDirectory("archives").toRealPath();
        store = ImageStore.open(folder.resolve("store"));
    }

    Path folder() {
        return folder;
    }

    Path newDirectory(String name) throws IOException {
        return Files.createDirectory(folder.resolve(name));
    }

    /** Runs a shell's commands in the directory, to make what the tools of the field make. */
    String shell(String commands) throws IOException, InterruptedException {
        return Machine.run("sh", "-euc", "cd '" + folder + "'\n" + commands);
    }

    byte[] bytes(String file) throws IOException {
        return Files.readAllBytes(folder.resolve(file));
    }

    StageOutcome stage(byte[] archive, String id) throws IOException, InterruptedException {
        return stage(archive, id, LIMITS);
    }

    StageOutcome stage(byte[] archive, String id, ArchiveLimits limits) throws IOException, InterruptedException {
        return store.stageArchive(id, new ByteArrayInputStream(archive), limits, ArchiveTrust.CONTENT, false);
    }

    /** The image of an archive of which each read gives no more than so many bytes, as a connection may. */
    Path unpackedInPieces(byte[] archive, int bytes) throws IOException, InterruptedException {
        InputStream pieces = new FilterInputStream(new ByteArrayInputStream(archive)) {
            @Override
            public int read(byte[] target, int start, int count) throws IOException {
                return super.read(target, start, Math.min(count, bytes));
            }

            @Override
            public int available() {
                return 0;
            }
        };
        String id = Machine.newId();
        assertThat(store.stageArchive(id, pieces, LIMITS, ArchiveTrust.CONTENT, false)).isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        return store.imagePath(id);
    }

    Path unpacked(byte[] archive) throws IOException, InterruptedException {
        String id = Machine.newId();
        assertThat(stage(archive, id)).isInstanceOf(StageOutcome.Staged.class);
        store.publish(id);
        return store.imagePath(id);
    }

    /** Returns the refusal of an archive. */
    StageOutcome.Refused refused(byte[] archive) throws IOException, InterruptedException {
        StageOutcome outcome = stage(archive, Machine.newId());
        assertThat(outcome).isInstanceOf(StageOutcome.Refused.class);
        assertThat(store.ids(StoreArea.STAGING)).isEmpty();
        return (StageOutcome.Refused) outcome;
    }

    /** The archive of a copy of a directory. */
    byte[] archiveOf(Path tree) throws IOException, InterruptedException {
        String id = Machine.newId();
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(tree.toString())) {
            assertThat(store.stage(id, directory, StageMode.COPY, Long.MAX_VALUE)).isInstanceOf(StageOutcome.Staged.class);
        }
        store.publish(id);
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        store.writeArchive(id, archive);
        return archive.toByteArray();
    }

    void remove() throws IOException, InterruptedException {
        store.close();
        Machine.remove(folder);
    }
}
