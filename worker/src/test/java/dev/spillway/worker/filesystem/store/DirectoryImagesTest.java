package dev.spillway.worker.filesystem.store;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.core.model.ImageBackendContract;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.host.Recovery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Directory trees as images. */
class DirectoryImagesTest extends ImageBackendContract<DirectoryImages> {
    @SuppressWarnings("NullAway.Init")
    private ImageStore store;

    @Override
    protected DirectoryImages open(Path directory) throws Exception {
        store = ImageStore.open(directory);
        try (ArtifactImages none = ArtifactImages.open(folder.resolve("artifacts"), new ArtifactImages.Limits(1, 1, 1))) {
            assertThat(Recovery.of(store, none, IndexContents.EMPTY).moved()).isEmpty();
        }
        return new DirectoryImages(store, UnlinkPace.none());
    }

    @Override
    protected void close(DirectoryImages opened) throws IOException {
        store.close();
    }

    @Override
    protected void stage(ReplicaId id) throws Exception {
        stage(id, StageMode.COPY);
    }

    private void stage(ReplicaId id, StageMode mode) throws Exception {
        Path source = Files.createDirectory(folder.resolve("source-" + id));
        Files.writeString(source.resolve("file"), "content of " + id);
        try (SourceDirectory tree = new AllowedSources(List.of(folder)).open(source.toString())) {
            assertThat(store.stage(id.toString(), tree, mode, Long.MAX_VALUE)).isInstanceOf(StageOutcome.Staged.class);
        }
    }

    @Override
    protected void publish(ReplicaId id) throws Exception {
        assertThat(store.publish(id.toString())).isNotEqualTo(PublishOutcome.ABSENT);
    }

    @Override
    protected boolean isRead(ReplicaId id) throws Exception {
        Path file = store.imagePath(id.toString()).resolve("file");
        return Files.exists(file) && Files.readString(file).equals("content of " + id);
    }

    @Test
    void aTreeThatIsItsOwnersIsNotTakenToTheTrashAndTheOthersAre() throws Exception {
        ReplicaId offered = id();
        stage(offered, StageMode.MOVE);
        publish(offered);
        ReplicaId other = published();
        assertThat(images.toTrash(List.of(offered, other))).hasEntrySatisfying(
                offered,
                outcome -> assertThat(outcome).isInstanceOf(TrashOutcome.Failed.class)).containsEntry(other, new TrashOutcome.Moved());
        assertThat(images.inventory()).containsExactly(offered);
        assertThat(isRead(offered)).isTrue();
    }
}
